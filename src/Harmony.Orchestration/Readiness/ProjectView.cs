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
    private static readonly GroupVersionKind Events = new("", "v1", "Event");

    /// <summary>What every project is judged by, whatever it was described with.</summary>
    private static readonly GroupVersionKind[] AlwaysWatched =
    [
        new("", "v1", "Pod"),
        new("", "v1", "Service"),
        new("", "v1", "PersistentVolumeClaim"),
        Events,
        new("apps", "v1", "ReplicaSet"),
        new("discovery.k8s.io", "v1", "EndpointSlice"),
    ];

    private readonly GroupVersionKind[] watched = [.. AlwaysWatched.Union(kinds)];

    /// <summary>A snapshot once everything has been listed, then one after each burst of changes, without end.</summary>
    /// <exception cref="KubernetesException">One of the kinds cannot be watched, or not any more.</exception>
    public async IAsyncEnumerable<ProjectSnapshot> SnapshotsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var changes = Channel.CreateBounded<(GroupVersionKind Kind, KubernetesEvent Event)>(1024);
        var watches = new List<Task>();
        try
        {
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
            await Task.WhenAll(watches);
        }
    }

    /// <summary>Never throws: what ends a watch ends the whole view, for a view that misses a kind would wait for ever.</summary>
    private async Task FeedAsync(GroupVersionKind kind, string? ns, ChannelWriter<(GroupVersionKind, KubernetesEvent)> changes, CancellationToken cancellation)
    {
        try
        {
            await FollowAsync(kind, ns, changes, cancellation);
        }
        catch (Exception e)
        {
            changes.TryComplete(e);
        }
    }

    private async Task FollowAsync(GroupVersionKind kind, string? ns, ChannelWriter<(GroupVersionKind, KubernetesEvent)> changes, CancellationToken cancellation)
    {
        var synced = false;
        try
        {
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
        catch (KubernetesException e) when (e.Code == KubernetesError.Forbidden && kind == Events && !synced)
        {
            // Events are evidence only: whoever may not read them still sees whether the project works.
            await changes.WriteAsync((kind, new(KubernetesEventType.Synced, [])), cancellation);
            return;
        }

        throw new KubernetesException(KubernetesError.Unreachable, $"Watching every {kind.Kind}: the cluster ended the watch.", "The same command goes on once the cluster answers again.");
    }
}
