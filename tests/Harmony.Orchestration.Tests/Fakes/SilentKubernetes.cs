using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>A cluster whose watches are opened and never say a word.</summary>
internal sealed class SilentKubernetes(FakeKubernetes cluster) : IKubernetesApi
{
    public Uri Address => cluster.Address;

    public async IAsyncEnumerable<KubernetesEvent> WatchAsync(GroupVersionKind kind, string? ns, string? labelSelector, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        yield break;
    }

    public Task<string> GetVersionAsync(CancellationToken cancellation) => cluster.GetVersionAsync(cancellation);

    public Task<ResourceDescription?> FindResourceAsync(GroupVersionKind kind, CancellationToken cancellation) => cluster.FindResourceAsync(kind, cancellation);

    public Task<JsonObject?> GetAsync(GroupVersionKind kind, string? ns, string name, CancellationToken cancellation) => cluster.GetAsync(kind, ns, name, cancellation);

    public Task<KubernetesList> ListAsync(GroupVersionKind kind, string? ns, string? labelSelector, CancellationToken cancellation) => cluster.ListAsync(kind, ns, labelSelector, cancellation);

    public Task<JsonObject> CreateAsync(JsonObject obj, CancellationToken cancellation) => cluster.CreateAsync(obj, cancellation);

    public Task<ApplyResult> ApplyAsync(JsonObject obj, bool dryRun, CancellationToken cancellation) => cluster.ApplyAsync(obj, dryRun, cancellation);

    public Task<JsonObject> PatchAsync(GroupVersionKind kind, string? ns, string name, JsonObject patch, CancellationToken cancellation) => cluster.PatchAsync(kind, ns, name, patch, cancellation);

    public Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, CancellationToken cancellation) => cluster.DeleteAsync(kind, ns, name, propagation, cancellation);

    public IAsyncEnumerable<string> ReadLogAsync(string ns, string pod, LogOptions options, CancellationToken cancellation) => cluster.ReadLogAsync(ns, pod, options, cancellation);

    public Task<int> ExecAsync(string ns, string pod, ExecOptions options, CancellationToken cancellation) => cluster.ExecAsync(ns, pod, options, cancellation);

    public Task<Stream> PortForwardAsync(string ns, string pod, int port, CancellationToken cancellation) => cluster.PortForwardAsync(ns, pod, port, cancellation);

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}
