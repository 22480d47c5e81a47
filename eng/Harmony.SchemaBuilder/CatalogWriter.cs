using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;

namespace Harmony.SchemaBuilder;

/// <summary>
/// Writes the catalogue: a line for each kind (<c>@group TAB version TAB kind TAB type</c>), then a line for each type
/// (<c>name TAB schema</c>), the schema being OpenAPI v3 without descriptions, its references bare type names.
/// </summary>
internal sealed class CatalogWriter(TypeNames names, Annotations annotations)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public byte[] Write()
    {
        var text = new StringBuilder();
        foreach (var kind in names.Kinds.OrderBy(k => k.Group, StringComparer.Ordinal).ThenBy(k => k.Version, StringComparer.Ordinal).ThenBy(k => k.Name, StringComparer.Ordinal))
        {
            text.Append('@').Append(kind.Group).Append('\t').Append(kind.Version).Append('\t').Append(kind.Name).Append('\t').Append(names[kind.Type]).Append('\n');
        }

        foreach (var (type, name) in names.All)
        {
            text.Append(name).Append('\t').Append(Object(type, name).ToJsonString(Plain)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private JsonObject Object(Type type, string name)
    {
        var fields = TypeNames.Fields(type).ToList();
        var annotation = annotations.Of(TypeNames.Short(name), [.. fields.Select(f => f.Name)]);
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var (field, property) in fields)
        {
            var facts = annotation.Fields.GetValueOrDefault(field, []);
            properties[field] = Field(property.PropertyType, field, facts);
            // In the models a value type without question mark is a field that must be there.
            if (facts.Contains("req") || (property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null
                && property.PropertyType != typeof(IntOrString) && property.PropertyType != typeof(ResourceQuantity)))
            {
                required.Add((JsonNode)field);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        if (annotation.Atomic)
        {
            result["x-kubernetes-map-type"] = "atomic";
        }

        return result;
    }

    private JsonObject Field(Type type, string name, string[] facts)
    {
        var schema = Of(type, facts.Contains("micro"));
        if (name == "metadata" && type == typeof(V1ObjectMeta))
        {
            schema["x-struct"] = true;
        }

        foreach (var fact in facts)
        {
            var open = fact.IndexOf('(', StringComparison.Ordinal);
            var argument = open < 0 ? "" : fact[(open + 1)..^1];
            switch (open < 0 ? fact : fact[..open])
            {
                case "req" or "micro":
                    break;
                case "struct":
                    schema["x-struct"] = true;
                    break;
                case "bare":
                    schema["x-bare"] = true;
                    break;
                case "ptr":
                    schema["x-ptr"] = true;
                    break;
                case "granular":
                    schema["x-kubernetes-map-type"] = "granular";
                    break;
                case "atomic" when schema["type"]?.GetValue<string>() == "array":
                    schema["x-kubernetes-list-type"] = "atomic";
                    break;
                case "atomic":
                    schema["x-kubernetes-map-type"] = "atomic";
                    break;
                case "set":
                    schema["x-kubernetes-list-type"] = "set";
                    break;
                case "map":
                    schema["x-kubernetes-list-type"] = "map";
                    schema["x-kubernetes-list-map-keys"] = new JsonArray([.. argument.Split('+').Select(k => (JsonNode)k)]);
                    break;
                case "merge":
                    schema["x-kubernetes-patch-strategy"] = "merge";
                    if (argument.Length > 0)
                    {
                        schema["x-kubernetes-patch-merge-key"] = argument;
                    }

                    break;
                case "replace":
                    schema["x-kubernetes-patch-strategy"] = "replace";
                    break;
                case "keys":
                    schema["x-kubernetes-patch-strategy"] = schema["x-kubernetes-patch-strategy"] is null ? "retainKeys" : "merge,retainKeys";
                    break;
                case "default":
                    schema["default"] = argument;
                    break;
                default:
                    throw new FormatException($"'{fact}' of field '{name}' is no known fact");
            }
        }

        if (schema["type"]?.GetValue<string>() == "array" && schema["x-kubernetes-list-type"] is null)
        {
            schema["x-kubernetes-list-type"] = "atomic";
        }

        return schema;
    }

    private JsonObject Of(Type type, bool micro)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(Uri))
        {
            return new() { ["type"] = "string" };
        }

        if (type == typeof(byte[]))
        {
            return new() { ["type"] = "string", ["format"] = "byte" };
        }

        if (type == typeof(int) || type == typeof(long))
        {
            return new() { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        }

        if (type == typeof(double))
        {
            return new() { ["type"] = "number", ["format"] = "double" };
        }

        if (type == typeof(bool))
        {
            return new() { ["type"] = "boolean" };
        }

        if (type == typeof(DateTime))
        {
            return new() { ["$ref"] = "io.k8s.apimachinery.pkg.apis.meta.v1." + (micro ? "MicroTime" : "Time") };
        }

        if (type == typeof(IntOrString))
        {
            return new() { ["$ref"] = "io.k8s.apimachinery.pkg.util.intstr.IntOrString" };
        }

        if (type == typeof(ResourceQuantity))
        {
            return new() { ["$ref"] = "io.k8s.apimachinery.pkg.api.resource.Quantity" };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>))
        {
            return new() { ["type"] = "array", ["items"] = Of(type.GetGenericArguments()[0], micro) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>))
        {
            return new() { ["type"] = "object", ["additionalProperties"] = Of(type.GetGenericArguments()[1], micro) };
        }

        return TypeNames.IsModel(type) ? new() { ["$ref"] = names[type] }
            : type == typeof(object) || type.Name == "JsonElement" ? new() { ["x-kubernetes-preserve-unknown-fields"] = true }
            : throw new FormatException($"no schema is known for the .NET type {type}");
    }
}
