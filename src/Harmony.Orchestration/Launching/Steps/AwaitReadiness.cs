using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Waits until the project works, until it is certain that it will not, or until the time is up.</summary>
public sealed class AwaitReadiness(TimeProvider time)
{
    /// <summary>How often an unchanged state is judged again, because patience may have run out.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    public sealed record Verdict(LaunchOutcome Outcome, IReadOnlyList<WorkloadProgress> Workloads, IReadOnlyList<Finding> Findings);

    public async Task<Verdict> RunAsync(
        IKubernetesApi api, IReadOnlyList<ObjectId> applied, IReadOnlyCollection<string> namespaces, IEnumerable<GroupVersionKind> kinds, TimeSpan timeout, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Wait, "Waiting for the project to work");
        var readiness = new ProjectReadiness(applied);
        var patience = new Patience(time);
        var deadline = time.GetUtcNow() + timeout;
        var report = new ReadinessReport([], []);
        IReadOnlyList<Finding> findings = [];
        ProjectSnapshot? snapshot = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var snapshots = new ProjectView(api, namespaces, kinds).SnapshotsAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = snapshots.MoveNextAsync().AsTask();
        try
        {
            while (time.GetUtcNow() < deadline)
            {
                if (await Task.WhenAny(next, Task.Delay(Beat, time, cancellation)) == next)
                {
                    if (!await next)
                    {
                        break;
                    }

                    snapshot = snapshots.Current;
                    next = snapshots.MoveNextAsync().AsTask();
                    report = readiness.Judge(snapshot);
                    findings = report.IsReady ? [] : ProjectDiagnosis.Of(applied, snapshot);
                    observer.WorkloadsChanged(report.Workloads);
                }

                cancellation.ThrowIfCancellationRequested();
                if (snapshot is not null && report.IsReady)
                {
                    observer.Finished(LaunchStep.Wait, "ready");
                    return new(LaunchOutcome.Works, report.Workloads, []);
                }

                if (patience.IsOver(findings, report))
                {
                    return new(LaunchOutcome.DoesNotWork, report.Workloads, await new FindingLogs(api).AddAsync(findings, cancellation));
                }
            }
        }
        finally
        {
            // An enumerator may be disposed only when no move is under way.
            await stop.CancelAsync();
            await next.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return new(LaunchOutcome.TimedOut, report.Workloads, await new FindingLogs(api).AddAsync(WithUnexplained(findings, report), cancellation));
    }

    private static IReadOnlyList<Finding> WithUnexplained(IReadOnlyList<Finding> findings, ReadinessReport report)
    {
        var explained = findings.Select(f => f.Subject).ToHashSet();
        return
        [
            .. findings,
            .. report.Workloads.Where(w => !w.IsDone && !explained.Contains(w.Workload)).Select(w => new Finding(FindingCode.NotReady, w.Workload, [w.Detail])),
        ];
    }
}
