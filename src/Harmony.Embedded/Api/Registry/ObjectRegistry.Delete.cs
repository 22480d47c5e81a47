using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

public sealed partial class ObjectRegistry
{
    private const string OrphanFinalizer = "orphan";
    private const string ForegroundFinalizer = "foregroundDeletion";

    /// <summary>Deletes, or marks as deleted what must live on for a while.</summary>
    /// <returns>The object, and whether it is gone.</returns>
    public async Task<(StoredObject Object, bool Gone)> DeleteAsync(
        ServedResource resource, string? ns, string name, DeleteOptions options, RequestContext context, CancellationToken cancellation)
    {
        var key = resource.Key(ns, name);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = Get(resource, ns, name);
            CheckPreconditions(resource.Resource, stored, options);
            var old = resource.ToTree(stored);
            var obj = resource.ToTree(stored);
            Mark(resource, obj, options);
            if (EndsNow(resource, obj))
            {
                if (await TryRemoveAsync(resource, key, stored, obj, context, cancellation) is { } removed)
                {
                    return (removed, Gone: true);
                }
            }
            else if (JsonNode.DeepEquals(old, obj))
            {
                return (stored, Gone: false);
            }
            else if (await CommitAsync(resource, key, stored, obj, context, cancellation) is { } marked)
            {
                return (marked, Gone: false);
            }
        }

        throw ApiErrors.Modified(resource.Resource, name);
    }

    private static void CheckPreconditions(ApiResource resource, StoredObject stored, DeleteOptions options)
    {
        if (options.Uid is { } uid && uid != stored.Uid)
        {
            throw ApiErrors.Precondition(resource, stored.Key.Name, $"the UID in the precondition ({uid}) does not match the UID in record ({stored.Uid}). The object might have been deleted and then recreated");
        }

        var version = stored.Revision.ToString(CultureInfo.InvariantCulture);
        if (options.ResourceVersion is { } expected && expected != version)
        {
            throw ApiErrors.Precondition(resource, stored.Key.Name, $"the ResourceVersion in the precondition ({expected}) does not match the ResourceVersion in record ({version}). The object might have been modified");
        }
    }

    /// <summary>Writes the deletion into the object: its time, its grace period, and the finalizers that the propagation policy asks for.</summary>
    private void Mark(ServedResource resource, JsonObject obj, DeleteOptions options)
    {
        var metadata = obj.Metadata;
        SetFinalizer(metadata, OrphanFinalizer, options.PropagationPolicy == "Orphan");
        SetFinalizer(metadata, ForegroundFinalizer, options.PropagationPolicy == "Foreground");
        var grace = resource.Strategy.GracePeriod(obj, options.GracePeriodSeconds);
        if (!obj.IsBeingDeleted)
        {
            metadata["deletionTimestamp"] = Timestamps.Format(Now.AddSeconds(grace));
            if (!resource.Strategy.OutlivesDeletion(obj))
            {
                metadata["deletionGracePeriodSeconds"] = grace;
            }

            if (obj.Generation > 0)
            {
                metadata["generation"] = obj.Generation + 1;
            }

            resource.Strategy.MarkDeleted(obj);
        }
        else if (metadata["deletionGracePeriodSeconds"].AsLong() is { } before && grace < before && options.GracePeriodSeconds is not null
            && metadata["deletionTimestamp"].AsTime() is { } due)
        {
            metadata["deletionTimestamp"] = Timestamps.Format(due.AddSeconds(grace - before));
            metadata["deletionGracePeriodSeconds"] = grace;
        }
    }

    /// <summary>Whether nothing keeps the object any more.</summary>
    private static bool EndsNow(ServedResource resource, JsonObject obj) =>
        obj.IsBeingDeleted && (obj.Metadata["deletionGracePeriodSeconds"].AsLong() ?? 0) == 0
        && obj.At("metadata", "finalizers") is not JsonArray { Count: > 0 } && !resource.Strategy.OutlivesDeletion(obj);

    private async Task<StoredObject> RemoveAsync(
        ServedResource resource, ObjectKey key, StoredObject stored, JsonObject last, RequestContext context, CancellationToken cancellation) =>
        await TryRemoveAsync(resource, key, stored, last, context, cancellation) ?? throw ApiErrors.Modified(resource.Resource, key.Name);

    /// <summary>Removes the object and returns it as it was last; null where it has changed meanwhile.</summary>
    private async Task<StoredObject?> TryRemoveAsync(
        ServedResource resource, ObjectKey key, StoredObject stored, JsonObject last, RequestContext context, CancellationToken cancellation)
    {
        if (!context.DryRun)
        {
            var result = await Store.CommitAsync(key, stored.Revision, replacement: null, cancellation);
            if (!result.Committed)
            {
                return result.Object is null ? throw ApiErrors.NotFound(resource.Resource, key.Name) : null;
            }

            resource.Strategy.Settle(resource.ToTree(stored), null);
        }

        return new StoredObject(key, stored.Revision, JsonLimits.ToUtf8(resource.ToStorage(last)));
    }

    private static void SetFinalizer(JsonObject metadata, string finalizer, bool wanted)
    {
        var present = metadata["finalizers"].Items().FirstOrDefault(f => f.AsText() == finalizer);
        if (wanted && present is null)
        {
            metadata.List("finalizers").Add((JsonNode)finalizer);
        }
        else if (!wanted && present is not null && metadata["deletionTimestamp"] is null)
        {
            metadata.List("finalizers").Remove(present);
            if (metadata.List("finalizers").Count == 0)
            {
                metadata.Remove("finalizers");
            }
        }
    }
}
