using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Defaults;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Validation;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Registry;

public sealed partial class ObjectRegistry
{
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int GeneratedLength = 5;
    private const int MaxGeneratedPrefix = 63 - GeneratedLength;

    /// <summary>Creates the object in this namespace (null for kinds without one).</summary>
    /// <param name="owned">Whether <paramref name="obj"/> is the registry's to change; otherwise it is copied.</param>
    /// <exception cref="ApiException">Refused.</exception>
    public async Task<WriteResult> CreateAsync(ServedResource resource, string? ns, JsonObject obj, RequestContext context, CancellationToken cancellation, bool applied = false)
    {
        var kind = resource.Resource;
        obj = Detach(obj);
        Decode(resource, obj, context);
        obj["apiVersion"] = kind.ApiVersion;
        obj["kind"] = kind.Kind;
        var metadata = obj.Metadata;
        if (kind.Namespaced)
        {
            if (obj.Namespace is { Length: > 0 } given && given != ns)
            {
                throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
            }

            metadata["namespace"] = ns;
        }
        else
        {
            metadata.Remove("namespace");
        }

        if (obj.ResourceVersion is { Length: > 0 } and not "0")
        {
            throw ApiErrors.BadRequest("resourceVersion should not be set on objects to be created");
        }

        foreach (var system in (ReadOnlySpan<string>)["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"])
        {
            metadata.Remove(system);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamps.Format(Now);
        if (resource.HasStatus)
        {
            obj.Remove("status");
        }

        Defaulter.Apply(obj, kind.GroupVersionKind, resource.Schema);
        if (!applied)
        {
            ManagedFields.RecordUpdate(null, obj, context.Owner(resource, null, Now), resource.Schema);
        }

        await AdmitNamespaceAsync(resource, ns, obj, cancellation);
        if (resource.Strategy.CountsGeneration)
        {
            metadata["generation"] = 1;
        }

        if (resource.Strategy.InitialStatus is { } status)
        {
            obj["status"] = JsonNode.Parse(status);
        }

        if (resource.Strategy.ProtectionFinalizer is { } finalizer && !metadata.List("finalizers").Any(f => f.AsText() == finalizer))
        {
            metadata.List("finalizers").Add((JsonNode)finalizer);
        }

        var generated = obj.Name.Length == 0 && metadata.Text("generateName") is { Length: > 0 };
        for (var attempt = 0; ; attempt++)
        {
            if (generated)
            {
                metadata["name"] = GenerateName(metadata.Text("generateName")!);
            }

            var name = obj.Name;
            if (attempt == 0)
            {
                await resource.Strategy.PrepareCreateAsync(obj, cluster, cancellation);
                Validator.ValidateCreate(obj, kind, resource.Schema);
            }

            var key = resource.Key(ns, name);
            if (Store.Get(key) is not null && !generated)
            {
                throw ApiErrors.AlreadyExists(kind, name);
            }

            using var admitted = await quotas.AdmitAsync(kind, ns, obj, cancellation);
            var undo = resource.Strategy.Reserve(obj, null, context.DryRun);
            try
            {
                var tree = generated ? obj.DeepClone().AsObject() : obj;
                if (await CommitAsync(resource, key, null, tree, context, cancellation) is { } stored)
                {
                    undo = null;
                    return new(stored, Created: true);
                }
            }
            finally
            {
                undo?.Invoke();
            }

            if (!generated || attempt == MaxAttempts)
            {
                throw ApiErrors.AlreadyExists(kind, name);
            }
        }
    }

    internal static string GenerateName(string prefix)
    {
        if (prefix.Length > MaxGeneratedPrefix)
        {
            prefix = prefix[..MaxGeneratedPrefix];
        }

        return prefix + RandomNumberGenerator.GetString(NameAlphabet, GeneratedLength);
    }

    private static void Decode(ServedResource resource, JsonObject obj, RequestContext context)
    {
        if (context.Decodes)
        {
            context.Warnings.AddRange(Decoder.Decode(obj, resource.Resource.GroupVersionKind, resource.Schema, context.FieldValidation, context.Duplicates));
        }
    }

    /// <summary>New objects need a namespace that is there and stays.</summary>
    private ValueTask AdmitNamespaceAsync(ServedResource resource, string? ns, JsonObject obj, CancellationToken cancellation)
    {
        if (!resource.Resource.Namespaced || ns is null)
        {
            return ValueTask.CompletedTask;
        }

        var space = cluster.Find(BuiltInResources.Namespaces, null, ns) ?? throw ApiErrors.NotFound(BuiltInResources.Namespaces, ns);
        if (space.Text("metadata", "deletionTimestamp") is not null)
        {
            var why = $"namespace {ns} is being terminated";
            throw ApiErrors.Forbidden(resource.Resource, obj.Name, $"unable to create new content in namespace {ns} because it is being terminated",
                new JsonArray(new JsonObject { ["reason"] = "NamespaceTerminating", ["message"] = why, ["field"] = "metadata.namespace" }));
        }

        return ValueTask.CompletedTask;
    }
}
