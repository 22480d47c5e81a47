namespace Harmony.Benchmarks;

/// <summary>What was measured of one subject.</summary>
/// <param name="What">The thing measured, the same words for every subject.</param>
/// <param name="Subject">Harmony, or the peer beside it.</param>
/// <param name="Unit"><c>ms</c>, <c>MB</c> or <c>% of a core</c>.</param>
/// <param name="Values">One for each run, in the order of the runs; empty where the subject is missing.</param>
internal sealed record Row(string What, string Subject, string Unit, IReadOnlyList<double> Values)
{
    /// <summary>The design's bound on harmony: a number of the unit, or with <see cref="Peer"/> a share of the peer's median.</summary>
    public double? Bound { get; init; }

    /// <summary>The peer that the bound is relative to.</summary>
    public string? Peer { get; init; }

    /// <summary>Why there is nothing: the subject is not installed, or not able to run here.</summary>
    public string? Missing { get; init; }

    public double Median
    {
        get
        {
            var sorted = Values.Order().ToList();
            return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
        }
    }

    public double Least => Values.Min();
}
