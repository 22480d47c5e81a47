using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Diagnosis;

/// <summary>One thing that keeps a project from working.</summary>
/// <param name="Code">What it is.</param>
/// <param name="Subject">The workload, Service or claim that does not work.</param>
/// <param name="Evidence">What the cluster said, in its own words.</param>
public sealed record Finding(FindingCode Code, ObjectId Subject, IReadOnlyList<string> Evidence)
{
    /// <summary>The pod and container it was seen in; null where it is about the object itself.</summary>
    public string? Pod { get; init; }

    public string? Container { get; init; }

    /// <summary>The image it is about, where it is about one.</summary>
    public string? Image { get; init; }

    /// <summary>The last lines that the container wrote, oldest first.</summary>
    public IReadOnlyList<string> LogLines { get; init; } = [];

    /// <summary>Whether the log worth showing is that of the container's previous run.</summary>
    internal bool PreviousLog { get; init; }

    /// <summary>Whether logs help to understand it.</summary>
    internal bool WantsLog { get; init; }

    /// <summary>How long it must last until waiting is pointless; null: as long as the launch waits.</summary>
    public TimeSpan? Patience { get; init; } = FindingCatalog.Of(Code).Patience;

    public string Explanation => FindingCatalog.Of(Code).Explanation;

    public string Fix => FindingCatalog.Of(Code).Fix;
}
