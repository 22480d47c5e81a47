using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>
/// Reads OpenAPI v3 into <see cref="Schema"/>: the built-in catalogue (whose references are bare type names, and which says <c>x-struct</c>,
/// <c>x-bare</c>, <c>x-ptr</c> about the Go types behind it) and the schemas of custom resource definitions.
/// </summary>
internal sealed class SchemaReader(bool custom, Func<string, Schema> resolve)
{
    /// <summary>The deepest nesting of a custom schema that is read; what lies deeper may be anything.</summary>
    private const int MaxDepth = 64;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(100);

    public Schema Read(JsonElement json, string? typeName = null, int depth = 0)
    {
        if (json.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            return Schema.Any;
        }

        var reference = Text(json, "$ref");
        var properties = custom || reference is null ? Properties(json, depth) : null;
        var kind = reference is null ? KindOf(json, properties) : KindOf(reference);
        var schema = reference is not null && kind == SchemaKind.Object && !custom
            ? Use(reference, json)
            : new Schema(kind)
            {
                TypeName = typeName ?? reference,
                IsCustom = custom,
                Properties = properties ?? [],
                Required = Texts(json, "required"),
                Items = json.TryGetProperty("items", out var items) ? Read(items, null, depth + 1) : null,
                AdditionalProperties = json.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind != JsonValueKind.False
                    ? Read(additional, null, depth + 1)
                    : null,
                Default = json.TryGetProperty("default", out var value) ? value.GetRawText() : null,
                ListType = Text(json, "x-kubernetes-list-type") switch { "map" => ListType.Map, "set" => ListType.Set, _ => ListType.Atomic },
                ListMapKeys = Texts(json, "x-kubernetes-list-map-keys"),
                IsAtomic = Text(json, "x-kubernetes-map-type") == "atomic",
                PatchStrategy = Strategies(json),
                PatchMergeKey = Text(json, "x-kubernetes-patch-merge-key"),
                PreserveUnknownFields = Flag(json, "x-kubernetes-preserve-unknown-fields"),
                EmbeddedResource = Flag(json, "x-kubernetes-embedded-resource"),
                Nullable = Flag(json, "nullable"),
                AlwaysPresent = Flag(json, "x-struct") || Flag(json, "x-bare"),
                KeepsEmpty = Flag(json, "x-ptr") || Flag(json, "x-bare"),
                Format = Text(json, "format"),
                Description = Text(json, "description"),
                Validation = custom ? Validations(json, depth) : null,
            };
        return schema;
    }

    private Schema Use(string reference, JsonElement json) => new(reference, () => resolve(reference))
    {
        IsAtomic = Text(json, "x-kubernetes-map-type") == "atomic",
        IsGranular = Text(json, "x-kubernetes-map-type") == "granular",
        PatchStrategy = Strategies(json),
        AlwaysPresent = Flag(json, "x-struct") || Flag(json, "x-bare"),
    };

    private Dictionary<string, Schema>? Properties(JsonElement json, int depth)
    {
        if (!json.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var result = new Dictionary<string, Schema>(StringComparer.Ordinal);
        var required = custom ? [] : Texts(json, "required");
        foreach (var property in properties.EnumerateObject())
        {
            var field = Read(property.Value, null, depth + 1);
            // A required number or flag of a Go struct has no omitempty: it is written as zero.
            result[property.Name] = !custom && field.Kind is (SchemaKind.Integer or SchemaKind.Boolean) && required.Contains(property.Name, StringComparer.Ordinal)
                ? new Schema(field.Kind) { Format = field.Format, AlwaysPresent = true }
                : field;
        }

        return result;
    }

    private static SchemaKind KindOf(string reference) => reference[(reference.LastIndexOf('.') + 1)..] switch
    {
        "Time" => SchemaKind.Time,
        "MicroTime" => SchemaKind.MicroTime,
        "Quantity" => SchemaKind.Quantity,
        "IntOrString" => SchemaKind.IntOrString,
        _ => SchemaKind.Object,
    };

    private SchemaKind KindOf(JsonElement json, Dictionary<string, Schema>? properties)
    {
        if (Flag(json, "x-kubernetes-int-or-string"))
        {
            return SchemaKind.IntOrString;
        }

        return Text(json, "type") switch
        {
            "object" when properties is null && json.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind != JsonValueKind.False => SchemaKind.Map,
            "object" => SchemaKind.Object,
            "array" => SchemaKind.List,
            "string" => !custom && Text(json, "format") == "byte" ? SchemaKind.Bytes : SchemaKind.String,
            "integer" => SchemaKind.Integer,
            "number" => SchemaKind.Number,
            "boolean" => SchemaKind.Boolean,
            _ => properties is null ? SchemaKind.Any : SchemaKind.Object,
        };
    }

    private ValueValidation? Validations(JsonElement json, int depth)
    {
        var pattern = Text(json, "pattern");
        var result = new ValueValidation
        {
            Enum = json.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array
                ? [.. values.EnumerateArray().Select(v => v.GetRawText())]
                : null,
            Pattern = pattern,
            Regex = pattern is null ? null : Compile(pattern),
            Minimum = Number(json, "minimum"),
            ExclusiveMinimum = Flag(json, "exclusiveMinimum"),
            Maximum = Number(json, "maximum"),
            ExclusiveMaximum = Flag(json, "exclusiveMaximum"),
            MultipleOf = Number(json, "multipleOf"),
            MinLength = (long?)Number(json, "minLength"),
            MaxLength = (long?)Number(json, "maxLength"),
            MinItems = (long?)Number(json, "minItems"),
            MaxItems = (long?)Number(json, "maxItems"),
            UniqueItems = Flag(json, "uniqueItems"),
            MinProperties = (long?)Number(json, "minProperties"),
            MaxProperties = (long?)Number(json, "maxProperties"),
            AllOf = All(json, "allOf", depth),
            AnyOf = All(json, "anyOf", depth),
            OneOf = All(json, "oneOf", depth),
            Not = json.TryGetProperty("not", out var not) ? Read(not, null, depth + 1) : null,
        };
        return result;
    }

    private IReadOnlyList<Schema> All(JsonElement json, string name, int depth) =>
        json.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0
            ? [.. list.EnumerateArray().Select(s => Read(s, null, depth + 1))]
            : [];

    // Go's patterns are RE2: the non-backtracking engine knows the same language and cannot be made slow by its input.
    private static Regex? Compile(string pattern)
    {
        try
        {
            return new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static string[] Strategies(JsonElement json) => Text(json, "x-kubernetes-patch-strategy")?.Split(',') ?? [];

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static double? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && double.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string[] Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)]
            : [];
}
