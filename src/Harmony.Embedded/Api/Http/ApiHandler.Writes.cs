using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Registry;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

internal sealed partial class ApiHandler
{
    private async Task CreateAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var context = NewContext(exchange);
        var obj = await ReadAsync(exchange, resource.Resource.Kind, context);
        var ns = path.Namespace ?? (resource.Resource.Namespaced ? obj.Namespace ?? "default" : null);
        var result = await registry.CreateAsync(resource, ns, obj, context, exchange.Cancellation);
        exchange.Warn(context.Warnings);
        await WriteObjectAsync(exchange, 201, resource, result.Object);
    }

    private async Task UpdateAsync(Exchange exchange, ServedResource resource, ResourcePath path, string? subresource)
    {
        var context = NewContext(exchange);
        var obj = await ReadAsync(exchange, resource.TypeOf(subresource).Kind.Kind, context);
        var result = await registry.UpdateAsync(resource, path.Namespace, path.Name!, subresource, obj, context, exchange.Cancellation);
        await WriteResultAsync(exchange, resource, subresource, result, context);
    }

    private async Task PatchAsync(Exchange exchange, ServedResource resource, ResourcePath path, string? subresource)
    {
        var type = exchange.ContentType switch
        {
            "application/json-patch+json" => PatchType.Json,
            "application/merge-patch+json" => PatchType.Merge,
            "application/strategic-merge-patch+json" when resource.Custom is null => PatchType.Strategic,
            "application/apply-patch+yaml" => PatchType.Apply,
            "application/strategic-merge-patch+json" => throw new ApiException(415, "UnsupportedMediaType",
                $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", PatchTypes.Where(t => !t.Contains("strategic", StringComparison.Ordinal)))}"),
            _ => throw new ApiException(415, "UnsupportedMediaType", "415: Unsupported Media Type", []),
        };
        var manager = exchange.Query("fieldManager");
        if (type == PatchType.Apply && string.IsNullOrEmpty(manager))
        {
            throw ApiErrors.InvalidOption("PatchOptions", "fieldManager", "FieldValueRequired", "Required value: is required for apply patch");
        }

        var context = NewContext(exchange);
        var (patch, duplicates) = await exchange.ReadObjectAsync(resource.Resource.Kind, patch: true);
        context.Duplicates = duplicates;
        var result = await registry.PatchAsync(resource, path.Namespace, path.Name!, subresource, type, patch, exchange.Query("force") == "true", context, exchange.Cancellation);
        await WriteResultAsync(exchange, resource, subresource, result, context);
    }

    private async Task DeleteAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var (options, dryRun) = await ReadDeleteOptionsAsync(exchange);
        var context = NewContext(exchange, dryRun);
        var (deleted, gone) = await registry.DeleteAsync(resource, path.Namespace, path.Name!, options, context, exchange.Cancellation);
        if (!gone || resource.Strategy.ReturnsDeleted)
        {
            await WriteObjectAsync(exchange, 200, resource, deleted);
            return;
        }

        var details = new JsonObject { ["name"] = path.Name };
        if (resource.Resource.Group.Length > 0)
        {
            details["group"] = resource.Resource.Group;
        }

        details["kind"] = resource.Resource.Plural;
        details["uid"] = deleted.Uid;
        await exchange.WriteAsync(200, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details });
    }

    private async Task DeleteCollectionAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var selection = ListSelection.Read(exchange, resource, path.Namespace, null);
        var (options, dryRun) = await ReadDeleteOptionsAsync(exchange);
        var context = NewContext(exchange, dryRun);
        var (objects, revision) = registry.Store.List(resource.StorageName, selection.Namespace);
        var deleted = new List<StoredObject>();
        foreach (var stored in objects.Where(selection.Matches))
        {
            try
            {
                var (obj, _) = await registry.DeleteAsync(resource, stored.Key.Namespace, stored.Key.Name, options, context, exchange.Cancellation);
                deleted.Add(obj);
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // Somebody else was quicker; gone is gone.
            }
        }

        await exchange.WriteAsync(200, writer => WriteList(exchange, writer, resource, RepresentationKind.Object, deleted, revision, null, null));
    }

    private Task WriteResultAsync(Exchange exchange, ServedResource resource, string? subresource, WriteResult result, RequestContext context)
    {
        exchange.Warn(context.Warnings);
        var code = result.Created ? 201 : 200;
        return subresource == "scale"
            ? exchange.WriteAsync(code, Scale.Of(resource.ToTree(result.Object), resource))
            : WriteObjectAsync(exchange, code, resource, result.Object);
    }

    private static RequestContext NewContext(Exchange exchange, bool dryRun = false)
    {
        var asked = exchange.Http.Request.Query["dryRun"];
        if (asked.Count > 0 && asked.Any(v => v != "All"))
        {
            throw ApiErrors.UnsupportedOption(OptionsKind(exchange), "dryRun", "[" + string.Join(",", asked.Select(v => $"\"{v}\"")) + "]", "All");
        }

        return new()
        {
            Manager = FieldOwner.ManagerOf(exchange.Query("fieldManager"), exchange.Http.Request.Headers.UserAgent),
            DryRun = dryRun || asked.Count > 0,
            FieldValidation = exchange.Query("fieldValidation") switch
            {
                "Strict" => FieldValidation.Strict,
                "Ignore" => FieldValidation.Ignore,
                null or "" or "Warn" => FieldValidation.Warn,
                var other => throw ApiErrors.UnsupportedOption(OptionsKind(exchange), "fieldValidation", $"\"{other}\"", "", "Ignore", "Strict", "Warn"),
            },
        };
    }

    private static string OptionsKind(Exchange exchange) => exchange.Method switch
    {
        "POST" => "CreateOptions",
        "PUT" => "UpdateOptions",
        "PATCH" => "PatchOptions",
        _ => "DeleteOptions",
    };

    private static async Task<JsonObject> ReadAsync(Exchange exchange, string kind, RequestContext context)
    {
        var (root, duplicates) = await exchange.ReadObjectAsync(kind);
        context.Duplicates = duplicates;
        return root as JsonObject ?? throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {(root is null ? "unexpected end of JSON input" : "an object is expected")}");
    }

    private static async Task<(DeleteOptions Options, bool DryRun)> ReadDeleteOptionsAsync(Exchange exchange)
    {
        var (root, _) = await exchange.ReadObjectAsync("DeleteOptions");
        var body = root as JsonObject ?? [];
        var policy = body.Text("propagationPolicy") ?? exchange.Query("propagationPolicy")
            ?? ((body["orphanDependents"].AsBool() ?? exchange.Query("orphanDependents") == "true") ? "Orphan" : "Background");
        if (policy is not ("Background" or "Foreground" or "Orphan"))
        {
            throw ApiErrors.UnsupportedOption("DeleteOptions", "propagationPolicy", $"\"{policy}\"", "Foreground", "Background", "Orphan", "nil");
        }

        return (new DeleteOptions
        {
            GracePeriodSeconds = body["gracePeriodSeconds"].AsLong() ?? exchange.Number("gracePeriodSeconds"),
            PropagationPolicy = policy,
            Uid = body.At("preconditions", "uid").AsText(),
            ResourceVersion = body.At("preconditions", "resourceVersion").AsText(),
        }, body["dryRun"].Items().Any(d => d.AsText() == "All"));
    }
}
