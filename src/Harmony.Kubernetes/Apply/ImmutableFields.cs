namespace Harmony.Kubernetes.Apply;

/// <summary>Tells a refusal that only making the object anew can overcome from all others.</summary>
internal static class ImmutableFields
{
    private static readonly string[] Words =
    [
        "field is immutable",
        "is immutable after creation",
        "may not change once set",
        "updates to statefulset spec for fields other than",
        "cannot change roleref",
        "pod updates may not change fields other than",
        "updates to parameters are forbidden",
        "updates to provisioner are forbidden",
        "updates to reclaimpolicy are forbidden",
        "may not be changed",
    ];

    /// <summary>The server's own words for what cannot be changed; null where that is not the problem.</summary>
    public static string? Reason(KubernetesException e) =>
        e.HttpStatus is 422 or 403 && Words.Any(w => e.Message.Contains(w, StringComparison.OrdinalIgnoreCase)) ? e.Message : null;

    /// <summary>What holds data, or everything else: never deleted to be changed.</summary>
    public static bool MayReplace(string kind) => kind is not ("Namespace" or "PersistentVolumeClaim" or "PersistentVolume" or "CustomResourceDefinition");
}
