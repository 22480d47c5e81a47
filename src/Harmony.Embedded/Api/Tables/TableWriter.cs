using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Http;
using Harmony.Embedded.Storage;

namespace Harmony.Embedded.Api.Tables;

/// <summary>Writes meta.k8s.io/v1 Tables: what <c>kubectl get</c> shows.</summary>
internal static class TableWriter
{
    /// <summary>The whole table of one object, or of a list.</summary>
    /// <param name="include">The <c>includeObject</c> parameter: <c>None</c>, <c>Metadata</c> (also where null) or <c>Object</c>.</param>
    public static void Write(
        Utf8JsonWriter writer, ServedResource resource, IReadOnlyList<StoredObject> objects, long revision, string? continuation, long? remaining, string? include, DateTimeOffset now, bool withColumns = true)
    {
        var columns = TableCatalog.ColumnsOf(resource);
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "Table"u8);
        writer.WriteString("apiVersion"u8, "meta.k8s.io/v1"u8);
        ObjectWriter.WriteListMetadata(writer, revision, continuation, remaining);
        if (withColumns)
        {
            WriteColumns(writer, columns);
        }
        else
        {
            writer.WriteNull("columnDefinitions"u8);
        }

        writer.WriteStartArray("rows"u8);
        foreach (var stored in objects)
        {
            WriteRow(writer, resource, columns, stored, include, now);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteColumns(Utf8JsonWriter writer, IReadOnlyList<TableColumn> columns)
    {
        writer.WriteStartArray("columnDefinitions"u8);
        foreach (var column in columns)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, column.Name);
            writer.WriteString("type"u8, column.Type);
            writer.WriteString("format"u8, column.Format);
            writer.WriteString("description"u8, column.Description);
            writer.WriteNumber("priority"u8, column.Priority);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRow(Utf8JsonWriter writer, ServedResource resource, IReadOnlyList<TableColumn> columns, StoredObject stored, string? include, DateTimeOffset now)
    {
        var tree = resource.ToTree(stored);
        writer.WriteStartObject();
        writer.WriteStartArray("cells"u8);
        foreach (var column in columns)
        {
            if (column.Cell(tree, now) is { } cell)
            {
                cell.WriteTo(writer);
            }
            else
            {
                writer.WriteNullValue();
            }
        }

        writer.WriteEndArray();
        switch (include)
        {
            case "None":
                break;
            case "Object":
                writer.WritePropertyName("object"u8);
                ObjectWriter.Write(writer, resource, stored);
                break;
            default:
                writer.WritePropertyName("object"u8);
                ObjectWriter.WriteMetadata(writer, stored);
                break;
        }

        writer.WriteEndObject();
    }
}

/// <summary>A column of a table.</summary>
/// <param name="Priority">0 is always shown, more only with <c>-o wide</c>.</param>
/// <param name="Cell">The cell for an object, at a time.</param>
internal sealed record TableColumn(string Name, string Type, string Format, string Description, int Priority, Func<JsonObject, DateTimeOffset, JsonNode?> Cell);
