using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Patches;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

public sealed partial class ObjectRegistry
{
    /// <summary>Changes an object, or its subresource, by a patch of any of the four kinds.</summary>
    /// <param name="force">For an apply: whether fields of other managers are taken over.</param>
    public Task<WriteResult> PatchAsync(
        ServedResource resource, string? ns, string name, string? subresource, PatchType type, JsonNode? patch, bool force, RequestContext context, CancellationToken cancellation)
    {
        if (type == PatchType.Apply)
        {
            return ApplyAsync(resource, ns, name, subresource, Body(patch), force, context, cancellation);
        }

        var (_, schema) = resource.TypeOf(subresource);
        Func<JsonObject, JsonObject> apply = type switch
        {
            PatchType.Json => target => JsonPatch.Apply(target, patch),
            PatchType.Strategic => target => StrategicMergePatch.Apply(target, Body(patch), schema),
            _ => target => MergePatch.Apply(target, Body(patch)),
        };
        return ChangeAsync(resource, ns, name, new(subresource, old =>
        {
            if (subresource == "scale")
            {
                return Scale.Replace(old, apply(Scale.Of(old, resource)), resource);
            }

            var version = old.ResourceVersion;
            var patched = apply(old);
            Decode(resource, patched, context);
            if (patched.Name != name)
            {
                throw ApiErrors.BadRequest($"the name of the object ({patched.Name}) does not match the name on the URL ({name})");
            }

            return patched.ResourceVersion is { Length: > 0 } asked && asked != version ? throw ApiErrors.Modified(resource.Resource, name) : patched;
        }), context, cancellation);
    }

    private Task<WriteResult> ApplyAsync(
        ServedResource resource, string? ns, string name, string? subresource, JsonObject applied, bool force, RequestContext context, CancellationToken cancellation)
    {
        if (applied.Metadata["managedFields"] is JsonArray { Count: > 0 })
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }

        if (subresource == "scale")
        {
            return ChangeAsync(resource, ns, name, new(subresource, old => Scale.Replace(old, MergePatch.Apply(Scale.Of(old, resource), applied), resource)), context, cancellation);
        }

        var expectedKind = resource.TypeOf(subresource).Kind;
        if (applied.GroupVersionKind is var given && (given.Kind != expectedKind.Kind || given.Version.Length == 0))
        {
            throw ApiErrors.BadRequest($"invalid object type: {(given.Group.Length == 0 && given.Version.Length == 0 ? "/" : given.ApiVersion)}, Kind={given.Kind}");
        }

        CheckAddress(resource, ns, name, applied);
        var expected = applied.ResourceVersion;
        JsonObject Make(JsonObject? live)
        {
            var merged = ServerSideApply.Apply(live, applied, context.Owner(resource, subresource, Now), force, resource.Schema);
            Decode(resource, merged, context);
            return merged;
        }

        return ChangeAsync(resource, ns, name, new(subresource, Make)
        {
            IsApply = true,
            Version = expected,
            Create = subresource is not null ? null
                : () => applied.Uid is { Length: > 0 } uid
                    ? throw ApiErrors.Conflict(resource.Resource, name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found")
                    : Make(null),
        }, context, cancellation);
    }

    private static JsonObject Body(JsonNode? patch) =>
        patch as JsonObject ?? throw ApiErrors.BadRequest("the patch must be a JSON object");
}

public enum PatchType
{
    /// <summary>RFC 6902.</summary>
    Json,

    /// <summary>RFC 7386.</summary>
    Merge,

    /// <summary>Kubernetes' own merge, by keys.</summary>
    Strategic,

    /// <summary>Server-side apply.</summary>
    Apply,
}
