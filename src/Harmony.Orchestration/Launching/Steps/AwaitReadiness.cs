using Harmony.Kubernetes;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Waits until the project works, until it is certain that it will not, or until the time is up.</summary>
public sealed class AwaitReadiness(TimeProvider time)
{
    /// <summary>How often an unchanged state is judged again, because patience may have run out or a trial be over.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    public sealed record Verdict(LaunchOutcome Outcome, IReadOnlyList<WorkloadProgress> Workloads, IReadOnlyList<Finding> Findings);

    /// <exception cref="KubernetesException">The cluster does not let itself be watched (any more).</exception>
    public async Task<Verdict> RunAsync(IKubernetesApi api, AppliedObjects applied, TimeSpan timeout, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Wait, "Waiting for the project to work");
        var started = time.GetTimestamp();
        var readiness = new ProjectReadiness(applied.Objects);
        var patience = new Patience(time);
        var settling = new Settling(time);
        // Until the cluster has said what there is, nothing is there.
        var report = readiness.Judge(new ProjectSnapshot());
        IReadOnlyList<Finding> findings = [];
        ProjectSnapshot? snapshot = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var snapshots = new ProjectView(api, applied.Namespaces, applied.Kinds).SnapshotsAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = snapshots.MoveNextAsync().AsTask();
        try
        {
            while (timeout - time.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
            {
                if (await Task.WhenAny(next, Task.Delay(left < Beat ? left : Beat, time, cancellation)) == next)
                {
                    await next;
                    snapshot = snapshots.Current;
                    next = snapshots.MoveNextAsync().AsTask();
                    report = readiness.Judge(snapshot);
                    findings = report.IsReady ? [] : ProjectDiagnosis.Of(applied.Objects, snapshot);
                    observer.WorkloadsChanged(report.Workloads);
                }

                cancellation.ThrowIfCancellationRequested();
                if (snapshot is not null && report.IsReady && settling.IsOver(applied.Objects, snapshot))
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
        // That a Service has no endpoints follows from workloads that are not ready.
        var caused = findings.Count > 0 || report.Workloads.Any(w => !w.IsDone);
        return
        [
            .. findings,
            .. report.Waiting.Where(w => !explained.Contains(w.Object) && !(caused && w.Object is { Group: "", Kind: "Service" }))
                .Select(w => new Finding(FindingCode.NotReady, w.Object, [w.Why])),
        ];
    }
}
