using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>Which columns each kind has.</summary>
internal static partial class TableCatalog
{
    private const string NameDescription =
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

    private const string CreationDescription =
        "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

    private static TableColumn Name => new("Name", "string", "name", NameDescription, 0, (o, _) => o.Name);

    /// <summary>What a kind has that has no columns of its own.</summary>
    private static TableColumn[] Default =>
    [
        Name,
        new("Created At", "date", "", CreationDescription, 0, (o, _) => o.Metadata.Text("creationTimestamp")),
    ];

    public static IReadOnlyList<TableColumn> ColumnsOf(ServedResource resource) =>
        resource.Custom is { } custom ? OfCustom(custom)
        : Described.Value.TryGetValue(resource.StorageName, out var columns) ? columns
        : Default;

    /// <summary>Columns with their descriptions, most of which are those of the fields that the cells come from. Made by the first table that is asked for.</summary>
    private static readonly Lazy<FrozenDictionary<string, TableColumn[]>> Described = new(() =>
    {
        var texts = SchemaCatalog.ReadDescriptions();
        return BuiltInResources.All.Where(r => Columns.ContainsKey(r.Name)).DistinctBy(r => r.Name).ToFrozenDictionary(r => r.Name, r =>
        {
            var schema = SchemaCatalog.Find(r.GroupVersionKind);
            return Columns[r.Name].Select(c => c.Description.StartsWith('.') ? c with { Description = DescriptionAt(schema, c.Description, texts) } : c).ToArray();
        }, StringComparer.Ordinal);
    });

    private static string DescriptionAt(Schema? schema, string path, Dictionary<string, string> texts)
    {
        var text = "";
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var parent = schema?.Items ?? schema;
            text = texts.GetValueOrDefault($"{parent?.TypeName}#{step}", "");
            schema = parent?.Field(step);
        }

        return text;
    }

    private static IReadOnlyList<TableColumn> OfCustom(CustomDefinition definition) => definition.PrinterColumns.Count == 0
        ? [Name, new("Age", "date", "", "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp", 0, (o, _) => o.Metadata.Text("creationTimestamp"))]
        : [Name, .. definition.PrinterColumns.Select(OfCustom)];

    private static TableColumn OfCustom(PrinterColumn column)
    {
        var description = column.Description.Length > 0 ? column.Description : $"Custom resource definition column (in JSONPath format): {column.JsonPath}";
        return new(column.Name, column.Type, column.Format, description, column.Priority, (o, _) => JsonPath.Read(o, column.JsonPath) is { } value ? Cell(value, column.Type) : null);
    }

    private static JsonNode? Cell(JsonNode value, string type) => type switch
    {
        "string" => value is JsonValue && value.AsText() is { } text ? text : value.ToJsonString(),
        "integer" => value.AsLong() is { } number ? number : null,
        "number" => value is JsonValue v && v.TryGetValue<double>(out var d) ? d : null,
        "boolean" => value.AsBool() is { } flag ? flag : null,
        "date" => value.AsTime() is not null ? value.AsText() : "<unknown>",
        _ => null,
    };
}
