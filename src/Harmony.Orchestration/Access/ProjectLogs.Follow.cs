using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

public sealed partial class ProjectLogs
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>One run of a container: its id changes with every restart.</summary>
    private sealed record Run(JsonObject Pod, string Container, string Id);

    private async IAsyncEnumerable<LogLine> FollowAsync(string ns, LogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var lines = Channel.CreateBounded<LogLine>(4096);
        var feeding = FeedAsync(ns, query, lines.Writer, stop.Token);
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(cancellation))
            {
                yield return line;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await feeding;
        }
    }

    /// <summary>Never throws: what ends it, ends the channel.</summary>
    private async Task FeedAsync(string ns, LogQuery query, ChannelWriter<LogLine> lines, CancellationToken cancellation)
    {
        var following = new List<Task>();
        Exception? end = null;
        try
        {
            var known = new HashSet<string>(StringComparer.Ordinal);
            List<Run>? present = [];
            await foreach (var change in api.WatchAsync(Pods, ns, null, cancellation))
            {
                if (change.Type == KubernetesEventType.Synced && present is not null)
                {
                    following.AddRange(await TellPresentAsync(ns, query, present, lines, cancellation));
                    present = null;
                }
                else if (change.Type is KubernetesEventType.Added or KubernetesEventType.Modified && query.Wants(change.Object))
                {
                    foreach (var run in RunsOf(change.Object, query).Where(r => known.Add(r.Id)))
                    {
                        if (present is not null)
                        {
                            present.Add(run);
                        }
                        else
                        {
                            // Whatever has come since is wanted from its first line on.
                            following.Add(FollowRunAsync(ns, run, new() { Container = run.Container, Previous = query.Previous, Timestamps = true }, null, lines, cancellation));
                        }
                    }
                }
            }
        }
        catch (Exception e)
        {
            end = e;
        }

        // Nobody may wait for lines that cannot come.
        lines.TryComplete(end);
        await Task.WhenAll(following);
    }

    /// <summary>What is written already, merged; then each run goes on where it was.</summary>
    private async Task<IEnumerable<Task>> TellPresentAsync(string ns, LogQuery query, IReadOnlyList<Run> runs, ChannelWriter<LogLine> lines, CancellationToken cancellation)
    {
        var since = SinceOf(query);
        var last = new Dictionary<(string Pod, string Container), DateTimeOffset>();
        var logs = runs.Select(r => ReadOneAsync(ns, r.Pod, r.Container, OptionsFor(query, r.Container, since), cancellation)).ToList();
        await foreach (var line in LogMerge.ByTimeAsync(logs, cancellation))
        {
            if (line.Time is { } at)
            {
                last[(line.Pod, line.Container)] = at;
            }

            await lines.WriteAsync(line, cancellation);
        }

        return runs.Select(r =>
        {
            DateTimeOffset? told = last.TryGetValue((r.Pod.Name, r.Container), out var at) ? at : null;
            var options = OptionsFor(query, r.Container, told ?? since);
            return FollowRunAsync(ns, r, told is null ? options : options with { TailLines = null }, told, lines, cancellation);
        });
    }

    /// <summary>Follows one run to its end, also over lost connections. Never throws.</summary>
    /// <param name="told">Lines up to this time have been told.</param>
    private async Task FollowRunAsync(string ns, Run run, LogOptions options, DateTimeOffset? told, ChannelWriter<LogLine> lines, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                try
                {
                    await foreach (var text in api.ReadLogAsync(ns, run.Pod.Name, options with { Follow = true, Since = told ?? options.Since }, cancellation))
                    {
                        var line = LogLine.Parse(run.Pod, run.Container, text);
                        // The API takes whole seconds: it tells the last ones again.
                        if (line.Time is null || told is null || line.Time > told)
                        {
                            told = line.Time ?? told;
                            options = options with { TailLines = null };
                            await lines.WriteAsync(line, cancellation);
                        }
                    }

                    return;
                }
                catch (KubernetesException e) when (e.Code is KubernetesError.Unreachable or KubernetesError.TimedOut)
                {
                    await Task.Delay(Pause, time, cancellation);
                }
            }
        }
        catch (Exception e) when (e is KubernetesException or OperationCanceledException or ChannelClosedException)
        {
            // The container has gone; its next run is followed anew.
        }
    }

    private static IEnumerable<Run> RunsOf(JsonObject pod, LogQuery query)
    {
        var statuses = pod.At("status", "initContainerStatuses").Objects().Concat(pod.At("status", "containerStatuses").Objects()).ToList();
        foreach (var container in query.ContainersOf(pod))
        {
            var status = statuses.Find(s => s.Text("name") == container);
            if (status?.Text("containerID") is { Length: > 0 } id && status.At("state", "waiting") is null)
            {
                yield return new(pod, container, id);
            }
        }
    }
}
