using Harmony.Platform;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>A pod's volume cannot be made. The message has the kubelet's words; it becomes a FailedMount event.</summary>
public sealed class VolumeException(string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public override string CodeName => "FailedMount";
}
