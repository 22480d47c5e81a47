using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Tables;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

/// <summary>Writes the events of a watch, one JSON document a line.</summary>
internal sealed class WatchWriter(Exchange exchange, ServedResource resource, RepresentationKind kind, TimeProvider time) : IAsyncDisposable
{
    private readonly Utf8JsonWriter writer = new(exchange.Http.Response.BodyWriter, JsonLimits.Writer);
    private readonly string? include = exchange.Query("includeObject");
    private bool columnsSent;

    public void Write(string type, StoredObject stored) => Event(type, () => WriteObject(stored));

    /// <summary>An object that no longer is what is watched: as it was, at the revision at which it ceased to be.</summary>
    public void WriteLeaving(StoredObject previous, long revision)
    {
        var tree = previous.ToTree();
        tree.Metadata["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);
        Write("DELETED", new StoredObject(previous.Key, revision, JsonLimits.ToUtf8(tree)));
    }

    public void Bookmark(long revision, bool initialEventsEnd) => Event("BOOKMARK", () =>
    {
        writer.WriteStartObject();
        var (objectKind, version) = kind switch
        {
            RepresentationKind.Table => ("Table", "meta.k8s.io/v1"),
            RepresentationKind.Metadata => ("PartialObjectMetadata", "meta.k8s.io/v1"),
            _ => (resource.Resource.Kind, resource.Resource.ApiVersion),
        };
        writer.WriteString("kind"u8, objectKind);
        writer.WriteString("apiVersion"u8, version);
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("resourceVersion"u8, revision.ToString(CultureInfo.InvariantCulture));
        if (initialEventsEnd)
        {
            writer.WriteStartObject("annotations"u8);
            writer.WriteString("k8s.io/initial-events-end"u8, "true"u8);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        if (kind == RepresentationKind.Table)
        {
            writer.WriteNull("columnDefinitions"u8);
            writer.WriteStartArray("rows"u8);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    public void Error(ApiException error) => Event("ERROR", () => ApiErrors.ToStatus(error).WriteTo(writer));

    public async Task FlushAsync()
    {
        await writer.FlushAsync(exchange.Cancellation);
        await exchange.Http.Response.BodyWriter.FlushAsync(exchange.Cancellation);
    }

    public ValueTask DisposeAsync() => writer.DisposeAsync();

    private void Event(string type, Action write)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        writer.WritePropertyName("object"u8);
        write();
        writer.WriteEndObject();
        writer.Flush();
        exchange.Http.Response.BodyWriter.Write("\n"u8);
        writer.Reset();
    }

    private void WriteObject(StoredObject stored)
    {
        switch (kind)
        {
            case RepresentationKind.Table:
                TableWriter.Write(writer, resource, [stored], stored.Revision, null, null, include, time.GetUtcNow(), withColumns: !columnsSent);
                columnsSent = true;
                break;
            case RepresentationKind.Metadata:
                ObjectWriter.WriteMetadata(writer, stored);
                break;
            default:
                ObjectWriter.Write(writer, resource, stored);
                break;
        }
    }
}
