using Harmony.Platform;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Why a container cannot be started. The names are the kubelet's own reasons.</summary>
public enum ContainerError
{
    CreateContainerConfigError,
    CreateContainerError,
    RunContainerError,
    RuntimeMissing,
    NotFound,
}

/// <summary>A container could not be started, or is not there.</summary>
public sealed class ContainerException(ContainerError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public ContainerError Code { get; } = code;

    public override string CodeName => Code.ToString();
}
