using Harmony.Platform;

namespace Harmony.Embedded.Network;

public enum NetworkError
{
    ToolMissing,
    NotPermitted,
    AddressTaken,
    RangeExhausted,
    Failed,
}

/// <summary>The machine's network could not be set up for pods.</summary>
public sealed class NetworkException(NetworkError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public NetworkError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => 3;
}
