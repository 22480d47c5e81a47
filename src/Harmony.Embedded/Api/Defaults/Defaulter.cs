using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Defaults;

/// <summary>
/// Fills in what a request left out, as kube-apiserver does for each kind, before anything else looks at the object. Most of it is the tables of
/// <c>defaults.json</c>; what depends on other fields is code.
/// </summary>
public static partial class Defaulter
{
    /// <summary>Adds the defaults of the kind, in place. Applying it twice changes nothing more.</summary>
    public static void Apply(JsonObject obj, GroupVersionKind kind, Schema schema)
    {
        if (schema.IsCustom)
        {
            Custom(obj, schema);
            return;
        }

        Struct(obj, schema);
        ByKind(obj, kind);
        Present(obj, schema);
    }

    /// <summary>The defaults of one Go struct and of all that lies in it.</summary>
    private static void Struct(JsonObject obj, Schema schema)
    {
        // What Go always writes comes first: defaults reach into it.
        foreach (var (name, field) in schema.Properties)
        {
            if (field is { Kind: SchemaKind.Object, AlwaysPresent: true } && obj[name] is null)
            {
                obj[name] = new JsonObject();
            }
        }

        DefaultTable.Apply(obj, schema.TypeName);
        ByType(obj, schema.TypeName);
        foreach (var (name, value) in obj.ToList())
        {
            if (value is not null && schema.Properties.TryGetValue(name, out var field))
            {
                Inside(value, field);
            }
        }
    }

    private static void Inside(JsonNode? value, Schema schema)
    {
        switch (schema.Kind)
        {
            case SchemaKind.Object when value is JsonObject inner && schema.TypeName is not null:
                Struct(inner, schema);
                break;
            case SchemaKind.List when schema.Items?.Kind == SchemaKind.Object:
                foreach (var item in value.Objects())
                {
                    Struct(item, schema.Items);
                }

                break;
            case SchemaKind.Map when schema.AdditionalProperties?.Kind == SchemaKind.Object && value is JsonObject map:
                foreach (var (_, item) in map)
                {
                    Inside(item, schema.AdditionalProperties);
                }

                break;
        }
    }

    /// <summary>Writes the fields that Go writes though they are zero.</summary>
    private static void Present(JsonObject obj, Schema schema)
    {
        foreach (var (name, field) in schema.Properties)
        {
            if (field.AlwaysPresent && field.Kind != SchemaKind.Object && !obj.ContainsKey(name))
            {
                obj[name] = Zero(field.Kind);
            }
            else if (field is { AlwaysPresent: true, Kind: SchemaKind.List } && obj[name] is JsonArray { Count: 0 })
            {
                // An empty Go slice comes back from storage as none.
                obj[name] = null;
            }

            switch (obj[name])
            {
                case JsonObject inner when field is { Kind: SchemaKind.Object, TypeName: not null }:
                    Present(inner, field);
                    break;
                case JsonArray list when field.Items is { Kind: SchemaKind.Object, TypeName: not null }:
                    foreach (var item in list.OfType<JsonObject>())
                    {
                        Present(item, field.Items);
                    }

                    break;
            }
        }
    }

    private static JsonNode? Zero(SchemaKind kind) => kind switch
    {
        SchemaKind.String => JsonValue.Create(""),
        SchemaKind.Integer or SchemaKind.IntOrString => JsonValue.Create(0),
        SchemaKind.Quantity => JsonValue.Create("0"),
        SchemaKind.Boolean => JsonValue.Create(false),
        _ => null,
    };

    /// <summary>The defaults that a custom resource's schema gives.</summary>
    private static void Custom(JsonNode? value, Schema schema)
    {
        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, field) in schema.Properties)
                {
                    if (field.Default is not null && (!obj.TryGetPropertyValue(name, out var given) || (given is null && !field.Nullable)))
                    {
                        obj[name] = field.NewDefault();
                    }
                }

                foreach (var (name, inner) in obj.ToList())
                {
                    if (inner is not null && schema.Field(name) is { IsCustom: true } field)
                    {
                        Custom(inner, field);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                foreach (var item in list)
                {
                    Custom(item, items);
                }

                break;
        }
    }
}
