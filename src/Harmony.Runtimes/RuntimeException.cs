using Harmony.Platform;

namespace Harmony.Runtimes;

public enum RuntimeError
{
    Unknown,
    NotAvailable,
    DidNotStart,
    DidNotStop,
    TimedOut,
    ImageRefused,
    ContextNotFound,
}

/// <summary>A runtime could not be chosen, started, stopped or used.</summary>
public sealed class RuntimeException(RuntimeError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public RuntimeError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => Code switch
    {
        RuntimeError.TimedOut => 4,
        RuntimeError.Unknown or RuntimeError.ContextNotFound => 2,
        _ => 3,
    };
}
