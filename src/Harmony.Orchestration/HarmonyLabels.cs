namespace Harmony.Orchestration;

/// <summary>The labels that harmony writes onto a cluster.</summary>
public static class HarmonyLabels
{
    /// <summary>Kubernetes' recommended label for the tool that manages an object.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    public const string Harmony = "harmony";

    /// <summary>The project that a namespace was made for.</summary>
    public const string Project = "harmony.dev/project";
}
