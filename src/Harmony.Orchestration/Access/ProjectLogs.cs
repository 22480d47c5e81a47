using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;

namespace Harmony.Orchestration.Access;

/// <summary>The logs of a project's containers as one stream: what is written already in order of time, then, when following, what comes, from new pods too.</summary>
public sealed partial class ProjectLogs(IKubernetesApi api, TimeProvider time)
{
    private static readonly GroupVersionKind Pods = new("", "v1", "Pod");

    /// <exception cref="LaunchException">A named workload is not there, and nobody waits for it to come.</exception>
    public IAsyncEnumerable<LogLine> ReadAsync(string ns, LogQuery query, CancellationToken cancellation) =>
        query.Follow ? FollowAsync(ns, query, cancellation) : ReadOnceAsync(ns, query, cancellation);

    private async IAsyncEnumerable<LogLine> ReadOnceAsync(string ns, LogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pods = (await api.ListAsync(Pods, ns, null, cancellation)).Items;
        if (query.Workloads.FirstOrDefault(w => !pods.Any(p => WorkloadName.Matches(p, w))) is { } absent)
        {
            throw new LaunchException(LaunchError.WorkloadNotFound, $"There is no workload {absent} in the namespace {ns}.",
                pods.Count > 0 ? $"There are {string.Join(", ", pods.Select(WorkloadName.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}." : null);
        }

        var since = SinceOf(query);
        var logs = pods.Where(query.Wants).SelectMany(p => query.ContainersOf(p).Select(c => ReadOneAsync(ns, p, c, OptionsFor(query, c, since), cancellation))).ToList();
        await foreach (var line in LogMerge.ByTimeAsync(logs, cancellation))
        {
            yield return line;
        }
    }

    private async IAsyncEnumerable<LogLine> ReadOneAsync(string ns, JsonObject pod, string container, LogOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var lines = api.ReadLogAsync(ns, pod.Name, options, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await lines.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (KubernetesException)
            {
                // The container has not run yet, or has no previous run: there is nothing (more) to show of it.
                yield break;
            }

            yield return LogLine.Parse(pod, container, lines.Current);
        }
    }

    private DateTimeOffset? SinceOf(LogQuery query) => query.Since is { } span ? time.GetUtcNow() - span : null;

    private static LogOptions OptionsFor(LogQuery query, string container, DateTimeOffset? since) =>
        new() { Container = container, Previous = query.Previous, TailLines = query.Tail, Since = since, Timestamps = true };
}
