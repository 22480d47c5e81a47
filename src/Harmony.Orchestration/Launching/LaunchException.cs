using Harmony.Platform;

namespace Harmony.Orchestration.Launching;

public enum LaunchError
{
    NameTaken,
    NamespaceEnding,
    PortTaken,
    PortsNotServed,
    ServiceNotFound,
    WorkloadNotFound,
    ApplyFailed,
    ImageNotMade,
    NotLaunched,
    StillEnding,
}

/// <summary>A project could not be launched, reached or taken down.</summary>
public sealed class LaunchException(LaunchError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public LaunchError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => Code switch
    {
        LaunchError.NameTaken or LaunchError.NotLaunched or LaunchError.ServiceNotFound or LaunchError.WorkloadNotFound => 2,
        LaunchError.PortTaken => 3,
        LaunchError.StillEnding or LaunchError.NamespaceEnding => 4,
        _ => 1,
    };
}
