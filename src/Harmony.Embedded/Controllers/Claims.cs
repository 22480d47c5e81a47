using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Decides which objects belong to a controller's object: it adopts orphans that its selector chooses and releases what no longer matches.</summary>
internal static class Claims
{
    /// <summary>All objects of the cache that belong to the owner now.</summary>
    public static async Task<List<JsonObject>> ClaimAsync(
        ClusterView cluster, ObjectCache cache, JsonObject owner, CancellationToken cancellation, Func<JsonObject, bool>? adoptable = null)
    {
        var selector = LabelSelector.FromObject(owner.At("spec", "selector"));
        var claimed = new List<JsonObject>();
        foreach (var obj in cache.ControlledBy(owner.Uid).ToList())
        {
            if (obj.Namespace == owner.Namespace)
            {
                if (owner.IsBeingDeleted || selector.Matches(obj))
                {
                    claimed.Add(obj);
                }
                else
                {
                    await ReleaseAsync(cluster, cache.Resource, obj, owner.Uid, cancellation);
                }
            }
        }

        // An empty selector chooses everything, which nobody can mean here.
        if (owner.IsBeingDeleted || owner.At("spec", "selector") is not JsonObject { Count: > 0 })
        {
            return claimed;
        }

        foreach (var orphan in cache.Orphans(owner.Namespace ?? "").ToList())
        {
            if (!orphan.IsBeingDeleted && selector.Matches(orphan) && adoptable?.Invoke(orphan) != false
                && await AdoptAsync(cluster, cache.Resource, orphan, owner, cancellation) is { } adopted
                && adopted.Controller?.Text("uid") == owner.Uid)
            {
                claimed.Add(adopted);
            }
        }

        return claimed;
    }

    /// <summary>The objects that this one could belong to: same namespace, selector matches. Nothing for an empty selector.</summary>
    public static IEnumerable<JsonObject> PossibleOwners(ObjectCache owners, JsonObject orphan) =>
        owners.InNamespace(orphan.Namespace ?? "").Where(o =>
            o.At("spec", "selector") is JsonObject { Count: > 0 } selector && LabelSelector.FromObject(selector).Matches(orphan));

    private static Task<JsonObject?> AdoptAsync(ClusterView cluster, ApiResource resource, JsonObject obj, JsonObject owner, CancellationToken cancellation) =>
        cluster.ChangeAsync(
            resource,
            obj,
            current =>
            {
                if (current.Controller is not null || current.IsBeingDeleted)
                {
                    return false;
                }

                current.Metadata.List("ownerReferences").Add((JsonNode)PodTemplate.ControllerReference(owner));
                return true;
            },
            cancellation);

    private static Task<JsonObject?> ReleaseAsync(ClusterView cluster, ApiResource resource, JsonObject obj, string uid, CancellationToken cancellation) =>
        cluster.ChangeAsync(
            resource,
            obj,
            current =>
            {
                var owners = current.Metadata.List("ownerReferences");
                var ours = owners.Objects().FirstOrDefault(o => o.Text("uid") == uid);
                if (ours is null)
                {
                    return false;
                }

                owners.Remove(ours);
                if (owners.Count == 0)
                {
                    current.Metadata.Remove("ownerReferences");
                }

                return true;
            },
            cancellation);
}
