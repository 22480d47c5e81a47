using Harmony.Orchestration.Access;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching;

public enum LaunchOutcome
{
    /// <summary>Everything is ready and published.</summary>
    Works,

    /// <summary>Applied, and nobody asked to wait.</summary>
    Applied,

    /// <summary>Something keeps it from working, and waiting longer cannot help.</summary>
    DoesNotWork,

    /// <summary>It did not become ready in the time given.</summary>
    TimedOut,
}

/// <summary>What became of a launch.</summary>
public sealed record LaunchResult
{
    public required LaunchOutcome Outcome { get; init; }

    public required string Project { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The runtime's name, and why it was chosen.</summary>
    public required string Runtime { get; init; }

    public required string Reason { get; init; }

    public required ApplySummary Applied { get; init; }

    public IReadOnlyList<WorkloadProgress> Workloads { get; init; } = [];

    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];

    public IReadOnlyList<Finding> Findings { get; init; } = [];

    public TimeSpan Duration { get; init; }

    /// <summary>Design §7: 0 works, 1 does not, 4 timed out.</summary>
    public int ExitCode => Outcome switch
    {
        LaunchOutcome.DoesNotWork => 1,
        LaunchOutcome.TimedOut => 4,
        _ => 0,
    };
}

/// <summary>How many objects an apply created, changed, left, replaced and removed.</summary>
public sealed record ApplySummary(int Created, int Configured, int Unchanged, int Replaced, int Pruned)
{
    public int Total => Created + Configured + Unchanged + Replaced;

    public override string ToString()
    {
        (int Count, string Word)[] parts =
            [(Created, "created"), (Configured, "configured"), (Replaced, "replaced"), (Unchanged, "unchanged"), (Pruned, "removed")];
        return string.Join(", ", parts.Where(p => p.Count > 0).Select(p => $"{p.Count} {p.Word}")) is { Length: > 0 } text ? text : "nothing to do";
    }
}
