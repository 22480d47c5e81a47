using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

public enum ApplyStep
{
    Created,
    Configured,
    Unchanged,

    /// <summary>It cannot be changed in place and is about to be deleted and made again: told before the deletion.</summary>
    Replacing,
    Replaced,

    /// <summary>It is no longer in the set and was deleted.</summary>
    Pruned,

    /// <summary>It is no longer in the set but stays, as its data would be lost.</summary>
    Kept,
    Failed,
}

/// <summary>What happened, or is about to happen, to one object.</summary>
/// <param name="Step">What.</param>
/// <param name="Kind">The object's kind.</param>
/// <param name="Namespace">Null for kinds without one.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Reason">Why, in plain words, where there is something to say.</param>
public sealed record ApplyProgress(ApplyStep Step, GroupVersionKind Kind, string? Namespace, string Name, string? Reason = null)
{
    /// <summary>The server's warnings: deprecated versions, unknown fields.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Why it failed.</summary>
    public KubernetesException? Error { get; init; }

    /// <summary>The object as the server has it now; null where it was deleted or failed.</summary>
    public System.Text.Json.Nodes.JsonObject? Object { get; init; }
}

/// <summary>What became of a set: one entry for each object, the last step of each.</summary>
public sealed record ApplyReport(IReadOnlyList<ApplyProgress> Objects)
{
    /// <summary>What failed. Where there is any, later ranks were not applied and nothing was pruned.</summary>
    public IReadOnlyList<ApplyProgress> Failures { get; } = [.. Objects.Where(o => o.Step == ApplyStep.Failed)];

    public bool Succeeded => Failures.Count == 0;
}
