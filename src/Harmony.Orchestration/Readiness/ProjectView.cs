using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>
/// Keeps the present state of a project's namespaces in memory from watches, and hands out a <see cref="ProjectSnapshot"/> after each burst of changes.
/// A snapshot never changes; its trees are replaced, not mutated.
/// </summary>
public sealed class ProjectView(IKubernetesApi api, IReadOnlyCollection<string> namespaces, IEnumerable<GroupVersionKind> kinds)
{
    /// <summary>What every project is judged by, whatever it was described with.</summary>
    private static readonly GroupVersionKind[] AlwaysWatched =
    [
        new("", "v1", "Pod"),
        new("", "v1", "Service"),
        new("", "v1", "PersistentVolumeClaim"),
        new("", "v1", "Event"),
        new("apps", "v1", "ReplicaSet"),
        new("discovery.k8s.io", "v1", "EndpointSlice"),
    ];

    private readonly GroupVersionKind[] watched = [.. AlwaysWatched.Union(kinds)];

    /// <summary>A snapshot once everything has been listed, then one after each burst of changes, until cancelled.</summary>
    /// <exception cref="KubernetesException">The cluster cannot be watched at all.</exception>
    public async IAsyncEnumerable<ProjectSnapshot> SnapshotsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var changes = Channel.CreateBounded<(GroupVersionKind Kind, KubernetesEvent Event)>(1024);
        var watches = new List<Task>();
        foreach (var kind in watched)
        {
            var resource = await api.FindResourceAsync(kind, cancellation);
            foreach (var ns in resource is null ? [] : resource.Namespaced ? namespaces.Cast<string?>() : [null])
            {
                watches.Add(FeedAsync(kind, ns, changes.Writer, stop.Token));
            }
        }

        var missing = watches.Count;
        var snapshot = new ProjectSnapshot();
        var ended = Task.WhenAll(watches).ContinueWith(t => changes.Writer.TryComplete(t.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            while (await changes.Reader.WaitToReadAsync(cancellation))
            {
                while (changes.Reader.TryRead(out var change))
                {
                    missing -= change.Event.Type == KubernetesEventType.Synced ? 1 : 0;
                    snapshot.Take(change.Kind, change.Event);
                }

                if (missing <= 0)
                {
                    yield return snapshot.Copy();
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await ended;
        }
    }

    private async Task FeedAsync(GroupVersionKind kind, string? ns, ChannelWriter<(GroupVersionKind, KubernetesEvent)> changes, CancellationToken cancellation)
    {
        try
        {
            var synced = false;
            await foreach (var change in api.WatchAsync(kind, ns, null, cancellation))
            {
                // A watch that starts over says Synced again; only the first one counts.
                if (change.Type == KubernetesEventType.Synced && synced)
                {
                    continue;
                }

                synced |= change.Type == KubernetesEventType.Synced;
                await changes.WriteAsync((kind, change), cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }
}
