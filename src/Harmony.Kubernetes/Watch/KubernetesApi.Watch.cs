using System.Runtime.CompilerServices;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Watch;

namespace Harmony.Kubernetes;

public sealed partial class KubernetesApi
{
    public async IAsyncEnumerable<KubernetesEvent> WatchAsync(
        GroupVersionKind kind,
        string? ns,
        string? labelSelector,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var doing = $"watching every {kind.Kind}{(ns is null ? "" : $" of the namespace {ns}")}";
        var resource = await ResourceAsync(kind, doing, cancellation);
        var path = PathOf(resource, ns) + "?watch=true" + (string.IsNullOrEmpty(labelSelector) ? "" : $"&labelSelector={Uri.EscapeDataString(labelSelector)}");
        await using var watch = new ResourceWatch(connection, path, doing, resource.Kind, c => ListAsync(kind, ns, labelSelector, c));
        while (true)
        {
            foreach (var change in await watch.NextAsync(cancellation))
            {
                yield return change;
            }
        }
    }
}
