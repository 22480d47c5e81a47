using System.Globalization;
using System.Text.Json;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Tables;
using Harmony.Embedded.Storage;

namespace Harmony.Embedded.Api.Http;

internal sealed partial class ApiHandler
{
    private Task GetAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var stored = registry.Get(resource, path.Namespace, path.Name!);
        CheckNotOlder(exchange);
        return WriteObjectAsync(exchange, 200, resource, stored);
    }

    private Task WriteObjectAsync(Exchange exchange, int code, ServedResource resource, StoredObject stored)
    {
        var kind = exchange.Accepted();
        if (kind == RepresentationKind.Object && resource.Conversion is null && !exchange.Flag("pretty"))
        {
            return exchange.SendAsync(code, stored.Utf8.ToArray(), "application/json");
        }

        return exchange.WriteAsync(code, writer =>
        {
            switch (kind)
            {
                case RepresentationKind.Table:
                    TableWriter.Write(writer, resource, [stored], stored.Revision, null, null, exchange.Query("includeObject"), registry.Cluster.Time.GetUtcNow());
                    break;
                case RepresentationKind.Metadata:
                    ObjectWriter.WriteMetadata(writer, stored);
                    break;
                default:
                    ObjectWriter.Write(writer, resource, stored);
                    break;
            }
        });
    }

    private Task ListAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var selection = ListSelection.Read(exchange, resource, path.Namespace, null);
        var kind = exchange.Accepted();
        CheckNotOlder(exchange);
        var limit = exchange.Number("limit") is > 0 and var asked ? asked : long.MaxValue;
        var token = exchange.Query("continue") is { Length: > 0 } text ? ContinueToken.Parse(text, selection.Namespace) : null;
        var (objects, revision) = Snapshot(exchange, resource, selection, token);
        var page = new List<StoredObject>();
        ContinueToken? next = null;
        long? remaining = null;
        var seen = 0;
        foreach (var stored in objects)
        {
            seen++;
            if (token?.IsPast(stored) == true || !selection.Matches(stored))
            {
                continue;
            }

            if (page.Count == limit)
            {
                next = new(selection.Namespace, revision, page[^1].Key.Namespace, page[^1].Key.Name);
                remaining = selection.IsEverything ? objects.Length - seen + 1 : null;
                break;
            }

            page.Add(stored);
        }

        return exchange.WriteAsync(200, writer => WriteList(exchange, writer, resource, kind, page, revision, next?.ToString(), remaining));
    }

    private void WriteList(
        Exchange exchange, Utf8JsonWriter writer, ServedResource resource, RepresentationKind kind, List<StoredObject> page, long revision, string? next, long? remaining)
    {
        switch (kind)
        {
            case RepresentationKind.Table:
                TableWriter.Write(writer, resource, page, revision, next, remaining, exchange.Query("includeObject"), registry.Cluster.Time.GetUtcNow());
                return;
            case RepresentationKind.Metadata:
                ObjectWriter.BeginList(writer, "PartialObjectMetadataList", "meta.k8s.io/v1", revision, next, remaining);
                foreach (var stored in page)
                {
                    ObjectWriter.WriteMetadata(writer, stored);
                }

                break;
            default:
                ObjectWriter.BeginList(writer, resource.Resource.ListKind, resource.Resource.ApiVersion, revision, next, remaining);
                foreach (var stored in page)
                {
                    ObjectWriter.WriteItem(writer, resource, stored);
                }

                break;
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>What is there now, or what was there at the version that the first page was of, or that was asked for exactly.</summary>
    private (StoredObject[] Objects, long Revision) Snapshot(Exchange exchange, ServedResource resource, ListSelection selection, ContinueToken? token)
    {
        var exact = exchange.Query("resourceVersionMatch") == "Exact" && long.TryParse(exchange.Query("resourceVersion"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 0;
        var past = token?.Revision is > 0 and var first ? first : exact;
        if (past == 0)
        {
            return registry.Store.List(resource.StorageName, selection.Namespace);
        }

        return registry.Store.ListAt(resource.StorageName, selection.Namespace, past) is { } objects ? (objects, past)
            : throw ApiErrors.Expired(token is null
                ? "The resourceVersion for the provided list is too old."
                : "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");
    }

    /// <summary>Memory is always the newest there is; only a version of the future cannot be served.</summary>
    private void CheckNotOlder(Exchange exchange)
    {
        var text = exchange.Query("resourceVersion");
        if (exchange.Query("sendInitialEvents") is { Length: > 0 })
        {
            throw ApiErrors.InvalidOption("ListOptions", "sendInitialEvents", "FieldValueForbidden", "Forbidden: sendInitialEvents is forbidden for list");
        }

        if (exchange.Query("resourceVersionMatch") is { Length: > 0 } match)
        {
            if (string.IsNullOrEmpty(text))
            {
                throw ApiErrors.InvalidOption("ListOptions", "resourceVersionMatch", "FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
            }

            if (match is not ("Exact" or "NotOlderThan"))
            {
                throw ApiErrors.UnsupportedOption("ListOptions", "resourceVersionMatch", $"\"{match}\"", "Exact", "NotOlderThan", "");
            }
        }

        if (string.IsNullOrEmpty(text) || exchange.Query("continue") is { Length: > 0 })
        {
            return;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
        {
            throw ApiErrors.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
        }

        var current = registry.Store.Revision;
        if (asked > current)
        {
            throw new ApiException(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {current}", new() { ["causes"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }), ["retryAfterSeconds"] = 1 });
        }
    }
}
