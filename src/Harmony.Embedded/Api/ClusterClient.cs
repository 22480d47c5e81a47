using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Registry;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api;

/// <summary>The API for the runtime's own parts: the same registry as over HTTP, without a socket between.</summary>
/// <param name="manager">The field manager of what comes through here.</param>
public sealed class ClusterClient(ObjectRegistry registry, ResourceCatalog catalog, string manager = "harmony-embedded") : IClusterClient
{
    public JsonObject? Get(ApiResource resource, string? ns, string name)
    {
        var served = catalog.Find(resource);
        return registry.Store.Get(served.Key(ns, name)) is { } stored ? served.ToTree(stored) : null;
    }

    public IReadOnlyList<JsonObject> List(ApiResource resource, string? ns = null, LabelSelector? labels = null)
    {
        var served = catalog.Find(resource);
        var (objects, _) = registry.Store.List(served.StorageName, ns);
        var found = new List<JsonObject>(objects.Length);
        foreach (var stored in objects)
        {
            if (labels is null || labels.Matches(stored.Labels))
            {
                found.Add(served.ToTree(stored));
            }
        }

        return found;
    }

    public async Task<JsonObject> CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation)
    {
        var served = catalog.Find(resource);
        var result = await registry.CreateAsync(served, obj.Namespace, obj, NewContext(), cancellation);
        return served.ToTree(result.Object);
    }

    public async Task<JsonObject> UpdateAsync(ApiResource resource, JsonObject obj, string? subresource, CancellationToken cancellation)
    {
        var served = catalog.Find(resource);
        if (subresource == "binding")
        {
            var bound = await registry.BindAsync(served, obj.Namespace, obj.Name, obj.At("spec", "nodeName").AsText() ?? "", obj, NewContext(), cancellation);
            return served.ToTree(bound.Object);
        }

        var result = await registry.UpdateAsync(served, obj.Namespace, obj.Name, subresource, obj, NewContext(), cancellation);
        return served.ToTree(result.Object);
    }

    public Task DeleteAsync(ApiResource resource, string? ns, string name, DeleteOptions options, CancellationToken cancellation) =>
        registry.DeleteAsync(catalog.Find(resource), ns, name, options, NewContext(), cancellation);

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ApiResource resource, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var served = catalog.Find(resource);
        var (objects, _, changes) = registry.Store.Subscribe(served.StorageName, ns: null, coalesce: true);
        using (changes)
        {
            foreach (var stored in objects)
            {
                yield return new(WatchEventType.Added, served.ToTree(stored));
            }

            while (await changes.NextAsync(Timeout.InfiniteTimeSpan, registry.Cluster.Time, cancellation) is { } change)
            {
                yield return new(change.Type, served.ToTree(change.Object));
            }
        }
    }

    private RequestContext NewContext() => new() { Manager = manager, Decodes = false };
}
