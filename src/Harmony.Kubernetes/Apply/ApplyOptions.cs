namespace Harmony.Kubernetes.Apply;

/// <summary>How a set is applied.</summary>
public sealed record ApplyOptions
{
    /// <summary>Ask the server what would happen, and change nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Also delete PersistentVolumeClaims, and so their data, that are no longer in the set.</summary>
    public bool DeleteVolumes { get; init; }

    /// <summary>How long an object that must be replaced has to be gone, a definition to be established.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);
}
