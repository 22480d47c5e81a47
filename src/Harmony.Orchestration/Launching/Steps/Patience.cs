using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>
/// Decides when waiting is pointless: a finding has lasted longer than its patience, and either no waiting can mend it, or nothing that
/// is still on its way could.
/// </summary>
internal sealed class Patience(TimeProvider time)
{
    private Dictionary<(FindingCode, ObjectId), long> firstSeen = [];

    public bool IsOver(IReadOnlyList<Finding> findings, ReadinessReport report)
    {
        // Timestamps, not the clock: a clock that jumps must neither end a wait nor prolong it.
        var now = time.GetTimestamp();
        firstSeen = findings.Select(f => (f.Code, f.Subject)).Distinct()
            .ToDictionary(k => k, k => firstSeen.GetValueOrDefault(k, now));

        var explained = findings.Select(f => f.Subject).ToHashSet();
        var nothingOnItsWay = report.Workloads.All(w => w.IsDone || explained.Contains(w.Workload));
        return findings.Any(f => f.Patience is { } patience
            && time.GetElapsedTime(firstSeen[(f.Code, f.Subject)], now) >= patience
            && (nothingOnItsWay || FindingCatalog.Of(f.Code).Patience == FindingCatalog.Hopeless));
    }
}
