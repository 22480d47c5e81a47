using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

/// <summary>Which log lines are wanted.</summary>
public sealed record LogQuery
{
    /// <summary>Names or <c>KIND/NAME</c>s; all where empty.</summary>
    public IReadOnlyList<string> Workloads { get; init; } = [];

    public string? Container { get; init; }

    public bool Follow { get; init; }

    public TimeSpan? Since { get; init; }

    public long? Tail { get; init; }

    public bool Previous { get; init; }
}

/// <summary>One line that a container wrote.</summary>
public sealed record LogLine(string Workload, string Pod, string Container, bool OnlyContainer, DateTimeOffset? Time, string Text)
{
    /// <summary>The prefix for people: the pod, and the container where there are several.</summary>
    public string Source => OnlyContainer ? Pod : $"{Pod}/{Container}";
}

/// <summary>The logs of a project's containers as one stream: what is written already in order of time, then, when following, what comes, from new pods too.</summary>
public sealed class ProjectLogs(IKubernetesApi api, TimeProvider time)
{
    private static readonly GroupVersionKind Pods = new("", "v1", "Pod");

    public IAsyncEnumerable<LogLine> ReadAsync(string ns, LogQuery query, CancellationToken cancellation) =>
        query.Follow ? FollowAsync(ns, query, cancellation) : ReadOnceAsync(ns, query, cancellation);

    private async IAsyncEnumerable<LogLine> ReadOnceAsync(string ns, LogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var pods = (await api.ListAsync(Pods, ns, null, cancellation)).Items;
        var logs = await Task.WhenAll(pods.Where(p => IsWanted(p, query)).SelectMany(p => ContainersOf(p, query).Select(c => ReadWholeAsync(ns, p, c, query, cancellation))));

        // A stable sort: lines of one container that bear the same time stay in order.
        foreach (var line in logs.SelectMany(l => l).OrderBy(l => l.Time ?? DateTimeOffset.MinValue))
        {
            yield return line;
        }
    }

    private async Task<List<LogLine>> ReadWholeAsync(string ns, JsonObject pod, string container, LogQuery query, CancellationToken cancellation)
    {
        var lines = new List<LogLine>();
        try
        {
            await foreach (var line in api.ReadLogAsync(ns, pod.Name, OptionsFor(query, container, query.Since is { } since ? time.GetUtcNow() - since : null), cancellation))
            {
                lines.Add(Parse(pod, container, line));
            }
        }
        catch (KubernetesException)
        {
            // The container has not run yet, or has no previous run: there is nothing to show of it.
        }

        return lines;
    }

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
            await feeding.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task FeedAsync(string ns, LogQuery query, ChannelWriter<LogLine> lines, CancellationToken cancellation)
    {
        var followed = new HashSet<string>(StringComparer.Ordinal);
        var since = query.Since is { } span ? time.GetUtcNow() - span : (DateTimeOffset?)null;
        try
        {
            await foreach (var change in api.WatchAsync(Pods, ns, null, cancellation))
            {
                if (change.Type is KubernetesEventType.Synced or KubernetesEventType.Deleted || !IsWanted(change.Object, query))
                {
                    continue;
                }

                foreach (var container in ContainersOf(change.Object, query))
                {
                    // Each run of a container is followed once: its id changes with every restart.
                    if (RunOf(change.Object, container) is { } run && followed.Add(run))
                    {
                        _ = FollowContainerAsync(ns, change.Object, container, query, since, lines, cancellation);
                    }
                }
            }
        }
        catch (Exception e)
        {
            lines.TryComplete(e);
        }
    }

    private async Task FollowContainerAsync(string ns, JsonObject pod, string container, LogQuery query, DateTimeOffset? since, ChannelWriter<LogLine> lines, CancellationToken cancellation)
    {
        try
        {
            await foreach (var line in api.ReadLogAsync(ns, pod.Name, OptionsFor(query, container, since) with { Follow = true }, cancellation))
            {
                await lines.WriteAsync(Parse(pod, container, line), cancellation);
            }
        }
        catch (Exception e) when (e is KubernetesException or OperationCanceledException or ChannelClosedException)
        {
            // The container has gone; its next run is followed anew.
        }
    }

    private static string? RunOf(JsonObject pod, string container) =>
        pod.At("status", "initContainerStatuses").Objects().Concat(pod.At("status", "containerStatuses").Objects())
            .Where(s => s.Text("name") == container && s.At("state", "waiting") is null)
            .Select(s => s.Text("containerID")).FirstOrDefault(id => id is { Length: > 0 });

    private static bool IsWanted(JsonObject pod, LogQuery query) => query.Workloads.Count == 0 || query.Workloads.Any(w => WorkloadName.Matches(pod, w));

    private static IEnumerable<string> ContainersOf(JsonObject pod, LogQuery query) =>
        pod.At("spec", "initContainers").Objects().Concat(pod.At("spec", "containers").Objects())
            .Select(c => c.Text("name") ?? "").Where(n => query.Container is null || n == query.Container);

    private static LogOptions OptionsFor(LogQuery query, string container, DateTimeOffset? since) =>
        new() { Container = container, Previous = query.Previous, TailLines = query.Tail, Since = since, Timestamps = true };

    private static LogLine Parse(JsonObject pod, string container, string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var timed = DateTimeOffset.TryParse(space > 0 ? line.AsSpan(0, space) : line, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        var only = pod.At("spec", "initContainers").Items().Count() + pod.At("spec", "containers").Items().Count() == 1;
        return new(WorkloadName.Of(pod), pod.Name, container, only, timed ? at : null, !timed ? line : space > 0 ? line[(space + 1)..] : "");
    }
}
