namespace Harmony.Embedded.Api;

/// <summary>metav1.DeleteOptions.</summary>
public sealed record DeleteOptions
{
    public static DeleteOptions Background { get; } = new();

    /// <summary>Seconds a pod gets to end; null for the object's own (<c>spec.terminationGracePeriodSeconds</c>); 0 removes it at once.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>.</summary>
    public string PropagationPolicy { get; init; } = "Background";

    /// <summary>The deletion happens only if the object has this uid.</summary>
    public string? Uid { get; init; }

    /// <summary>The deletion happens only if the object has this resourceVersion.</summary>
    public string? ResourceVersion { get; init; }
}
