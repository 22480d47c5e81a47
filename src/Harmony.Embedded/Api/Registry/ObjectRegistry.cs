using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Quotas;
using Harmony.Embedded.Api.Strategies;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

/// <summary>
/// The one way to objects: what a request asks for becomes decoded, defaulted, admitted, validated and stored. HTTP and the runtime's own
/// controllers come through here alike.
/// </summary>
public sealed partial class ObjectRegistry(ClusterState cluster)
{
    /// <summary>How often a change that somebody else's change crossed is tried again.</summary>
    private const int MaxAttempts = 10;

    private readonly QuotaAdmission quotas = new(cluster);

    public ClusterState Cluster => cluster;

    public ObjectStore Store => cluster.Store;

    /// <summary>The object as stored.</summary>
    /// <exception cref="ApiException">404.</exception>
    public StoredObject Get(ServedResource resource, string? ns, string name) =>
        Store.Get(resource.Key(ns, name)) ?? throw ApiErrors.NotFound(resource.Resource, name);

    /// <summary>A time as metav1.Time writes it.</summary>

    /// <summary>A tree that shares nothing with this one and reads as if it came over the wire.</summary>
    private static JsonObject Detach(JsonObject tree) => JsonObject.Create(JsonElement.Parse(JsonLimits.ToUtf8(tree), JsonLimits.Document))!;

    private DateTimeOffset Now => cluster.Time.GetUtcNow();

    /// <summary>Stores, or for a dry run only pretends to; null where the object has changed meanwhile.</summary>
    private async Task<StoredObject?> CommitAsync(
        ServedResource resource, ObjectKey key, StoredObject? stored, JsonObject obj, RequestContext context, CancellationToken cancellation)
    {
        var tree = resource.ToStorage(obj);
        if (context.DryRun)
        {
            return new StoredObject(key, stored?.Revision ?? 0, JsonLimits.ToUtf8(tree));
        }

        var result = await Store.CommitAsync(key, stored?.Revision ?? 0, tree, cancellation);
        return result.Committed ? result.Object : null;
    }
}

/// <summary>What a write led to.</summary>
/// <param name="Object">The object as stored now (as it would be, for a dry run).</param>
public readonly record struct WriteResult(StoredObject Object, bool Created);
