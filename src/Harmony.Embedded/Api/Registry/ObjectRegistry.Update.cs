using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Validation;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

public sealed partial class ObjectRegistry
{
    /// <summary>Replaces an object, or its subresource, by what the request gives.</summary>
    public Task<WriteResult> UpdateAsync(
        ServedResource resource, string? ns, string name, string? subresource, JsonObject given, RequestContext context, CancellationToken cancellation)
    {
        given = Detach(given);
        if (subresource == "scale")
        {
            return ChangeAsync(resource, ns, name, new(subresource, old => Scale.Replace(old, given, resource)), context, cancellation);
        }

        Decode(resource, given, context);
        CheckAddress(resource, ns, name, given);
        var kind = resource.Resource;
        var version = given.ResourceVersion;
        var unconditional = version.Length == 0;
        if (unconditional && context.Decodes && subresource is null && !resource.Strategy.AllowsUnconditionalUpdate)
        {
            throw ApiErrors.Invalid(kind, name, "metadata.resourceVersion", "FieldValueInvalid", "Invalid value: 0: must be specified for an update");
        }

        return ChangeAsync(resource, ns, name, new(subresource, old =>
        {
            if (!unconditional && version != old.ResourceVersion)
            {
                throw ApiErrors.Modified(kind, name);
            }

            return given.DeepClone().AsObject();
        })
        { Create = resource.Strategy.CreatesOnUpdate && subresource is null ? () => given : null }, context, cancellation);
    }

    /// <summary>
    /// Changes an object: reads it, lets <paramref name="change"/> make the new one of it, stores that, and begins anew where somebody else was
    /// quicker. A change that changes nothing writes nothing.
    /// </summary>
    private async Task<WriteResult> ChangeAsync(
        ServedResource resource, string? ns, string name, Change change, RequestContext context, CancellationToken cancellation)
    {
        var key = resource.Key(ns, name);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var stored = Store.Get(key);
            if (stored is null)
            {
                if (change.Create is null)
                {
                    throw ApiErrors.NotFound(resource.Resource, name);
                }

                try
                {
                    return await CreateAsync(resource, ns, change.Create(), context, cancellation, change.IsApply);
                }
                catch (ApiException e) when (e.IsAlreadyExists)
                {
                    continue;
                }
            }

            var old = resource.ToTree(stored);
            var obj = Merge(resource, old, change.Make(resource.ToTree(stored)), change, context);
            if (JsonNode.DeepEquals(obj, old) || (change.IsApply && ManagedFields.DifferOnlyInTime(obj, old)))
            {
                return new(stored, Created: false);
            }

            if (EndsNow(resource, obj))
            {
                return new(await RemoveAsync(resource, key, stored, obj, context, cancellation), Created: false);
            }

            var undo = resource.Strategy.Reserve(obj, old, context.DryRun);
            try
            {
                if (await CommitAsync(resource, key, stored, obj, context, cancellation) is { } written)
                {
                    undo = null;
                    if (!context.DryRun)
                    {
                        resource.Strategy.Settle(old, resource.ToTree(written));
                    }

                    return new(written, Created: false);
                }
            }
            finally
            {
                undo?.Invoke();
            }
        }

        throw ApiErrors.Modified(resource.Resource, name);
    }

    /// <summary>The object to store: what the request may change from the request, all else from what is stored.</summary>
    private JsonObject Merge(ServedResource resource, JsonObject old, JsonObject given, Change change, RequestContext context)
    {
        var kind = resource.Resource;
        if (given.Uid is { Length: > 0 } uid && uid != old.Uid)
        {
            throw ApiErrors.Conflict(kind, old.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}");
        }

        if (change.Version is { Length: > 0 } expected && expected != old.ResourceVersion)
        {
            throw ApiErrors.Modified(kind, old.Name);
        }

        JsonObject obj;
        if (change.Subresource == "status")
        {
            obj = old.DeepClone().AsObject();
            Copy(given, obj, "status");
            if (change.IsApply)
            {
                Copy(given.Metadata, obj.Metadata, "managedFields");
            }
        }
        else
        {
            obj = given;
            obj["apiVersion"] = kind.ApiVersion;
            obj["kind"] = kind.Kind;
            if (resource.HasStatus && change.Subresource is null or "scale")
            {
                Copy(old, obj, "status");
            }
        }

        foreach (var system in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "generateName"])
        {
            Copy(old.Metadata, obj.Metadata, system);
        }

        Defaulter.Apply(obj, kind.GroupVersionKind, resource.Schema);
        resource.Strategy.PrepareUpdate(obj, old, change.Subresource, cluster);
        if (!change.IsApply && change.Subresource != "binding")
        {
            ManagedFields.RecordUpdate(old, obj, context.Owner(resource, change.Subresource, Now), resource.Schema);
        }

        if (resource.Strategy.CountsGeneration && change.Subresource is not ("status" or "binding") && IsNewGeneration(resource, obj, old))
        {
            obj.Metadata["generation"] = old.Generation + 1;
        }

        Validator.ValidateUpdate(obj, old, kind, resource.Schema, change.Subresource);
        return obj;
    }

    private static bool IsNewGeneration(ServedResource resource, JsonObject obj, JsonObject old)
    {
        bool Counts(string name) => name is not ("metadata" or "apiVersion" or "kind") && !(name == "status" && (resource.HasStatus || resource.Custom is null));
        foreach (var (name, value) in obj)
        {
            if (Counts(name) && !JsonNode.DeepEquals(value, old[name]))
            {
                return true;
            }
        }

        return old.Any(p => Counts(p.Key) && !obj.ContainsKey(p.Key));
    }

    private static void CheckAddress(ServedResource resource, string? ns, string name, JsonObject obj)
    {
        if (obj.Name.Length == 0)
        {
            throw ApiErrors.BadRequest("name must be provided");
        }

        if (obj.Name != name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({obj.Name}) does not match the name on the URL ({name})");
        }

        if (resource.Resource.Namespaced && obj.Namespace is { Length: > 0 } given && given != ns)
        {
            throw ApiErrors.BadRequest($"the namespace of the object ({given}) does not match the namespace on the request ({ns})");
        }
    }

    private static void Copy(JsonObject from, JsonObject to, string name)
    {
        if (from.TryGetPropertyValue(name, out var value))
        {
            to[name] = value?.DeepClone();
        }
        else
        {
            to.Remove(name);
        }
    }

    /// <summary>A change to make.</summary>
    /// <param name="Make">The new object from the stored one, which it may change and return.</param>
    private sealed record Change(string? Subresource, Func<JsonObject, JsonObject> Make)
    {
        /// <summary>Makes the object where it is missing; null where that is an error.</summary>
        public Func<JsonObject>? Create { get; init; }

        /// <summary>Whether managedFields are already as they should be.</summary>
        public bool IsApply { get; init; }

        /// <summary>The resourceVersion that the stored object must have; null for any.</summary>
        public string? Version { get; init; }
    }
}
