using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Custom resources by the schema of their definition. CEL rules are not evaluated.</summary>
internal static class CustomResourceValidation
{
    public static void Validate(JsonObject obj, Schema schema, FieldErrors errors) => Node(obj, schema, "", errors);

    private static void Node(JsonNode? value, Schema schema, string path, FieldErrors errors)
    {
        if (value is null)
        {
            if (!schema.Nullable && schema.Kind != SchemaKind.Any)
            {
                errors.TypeInvalid(path, "null", $"{path} in body must be of type {TypeOf(schema)}: \"null\"");
            }

            return;
        }

        if (!schema.IsCustom)
        {
            return;
        }

        if (!IsType(value, schema))
        {
            errors.TypeInvalid(path, Word(value), $"{path} in body must be of type {TypeOf(schema)}: \"{Word(value)}\"");
            return;
        }

        switch (value)
        {
            case JsonObject obj:
                Object(obj, schema, path, errors);
                break;
            case JsonArray list:
                List(list, schema, path, errors);
                break;
        }

        if (schema.Validation is { } rules)
        {
            Rules(value, rules, path, errors);
        }
    }

    private static void Object(JsonObject obj, Schema schema, string path, FieldErrors errors)
    {
        foreach (var name in schema.Required.Where(r => !obj.ContainsKey(r)))
        {
            errors.Required(path.Length == 0 ? name : $"{path}.{name}");
        }

        foreach (var (name, value) in obj)
        {
            if (schema.Field(name) is { } field && !(path.Length == 0 && name is ("apiVersion" or "kind" or "metadata")))
            {
                Node(value, field, path.Length == 0 ? name : $"{path}.{name}", errors);
            }
        }
    }

    private static void List(JsonArray list, Schema schema, string path, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (schema.Items is not null)
            {
                Node(list[i], schema.Items, at, errors);
            }

            if (schema.ListType != ListType.Atomic && FieldStep.Item(list[i], schema, out _) is { } step && !seen.Add(step))
            {
                errors.Duplicate(at, schema.ListType == ListType.Map ? JsonNode.Parse(step[2..]) : list[i]);
            }
        }
    }

    private static void Rules(JsonNode value, ValueValidation rules, string path, FieldErrors errors)
    {
        if (rules.Enum is { } allowed && !allowed.Contains(FieldStep.Compact(value), StringComparer.Ordinal))
        {
            errors.NotSupported(path, value, allowed.Select(a => a.Trim('"')));
        }

        if (value.AsText() is { } text)
        {
            Text(text, rules, path, errors);
        }
        else if (value.GetValueKind() == JsonValueKind.Number)
        {
            Number(value, rules, path, errors);
        }
        else if (value is JsonArray list)
        {
            if (rules.MaxItems is { } most && list.Count > most)
            {
                errors.TooMany(path, list.Count, most);
            }

            if (rules.MinItems is { } least && list.Count < least)
            {
                errors.Invalid(path, list.Count, $"{path} in body should have at least {least} items");
            }
        }
        else if (value is JsonObject obj)
        {
            if (rules.MaxProperties is { } most && obj.Count > most)
            {
                errors.TooMany(path, obj.Count, most);
            }

            if (rules.MinProperties is { } least && obj.Count < least)
            {
                errors.Invalid(path, obj.Count, $"{path} in body should have at least {least} properties");
            }
        }

        foreach (var each in rules.AllOf)
        {
            Node(value, each, path, errors);
        }

        if (rules.AnyOf.Count > 0 && !rules.AnyOf.Any(s => Fits(value, s)))
        {
            errors.Invalid(path, value is JsonValue ? value : JsonValue.Create(""), $"{path} in body must validate at least one schema (anyOf)");
        }

        if (rules.OneOf.Count > 0 && rules.OneOf.Count(s => Fits(value, s)) is var fitting and not 1)
        {
            errors.Invalid(
                path, value is JsonValue ? value : JsonValue.Create(""),
                $"{path} in body must validate one and only one schema (oneOf). Found {(fitting == 0 ? "none" : fitting)} valid");
        }

        if (rules.Not is { } not && Fits(value, not))
        {
            errors.Invalid(path, value is JsonValue ? value : JsonValue.Create(""), $"{path} in body must not validate the schema (not)");
        }
    }

    private static void Text(string text, ValueValidation rules, string path, FieldErrors errors)
    {
        var length = new StringInfo(text).LengthInTextElements;
        if (rules.MaxLength is { } most && length > most)
        {
            errors.TooLong(path, most);
        }

        if (rules.MinLength is { } least && length < least)
        {
            errors.Invalid(path, text, $"{path} in body should be at least {least} chars long");
        }

        if (rules.Regex is { } pattern && !pattern.IsMatch(text))
        {
            errors.Invalid(path, text, $"{path} in body should match '{rules.Pattern}'");
        }
    }

    private static void Number(JsonNode value, ValueValidation rules, string path, FieldErrors errors)
    {
        var number = value.AsLong() ?? (value is JsonValue v && v.TryGetValue<double>(out var d) ? d : 0);
        if (rules.Minimum is { } min && (rules.ExclusiveMinimum ? number <= min : number < min))
        {
            errors.Invalid(path, value, string.Create(CultureInfo.InvariantCulture, $"{path} in body should be greater than {(rules.ExclusiveMinimum ? "" : "or equal to ")}{min}"));
        }

        if (rules.Maximum is { } max && (rules.ExclusiveMaximum ? number >= max : number > max))
        {
            errors.Invalid(path, value, string.Create(CultureInfo.InvariantCulture, $"{path} in body should be less than {(rules.ExclusiveMaximum ? "" : "or equal to ")}{max}"));
        }

        if (rules.MultipleOf is { } step and not 0 && number % step != 0)
        {
            errors.Invalid(path, value, string.Create(CultureInfo.InvariantCulture, $"{path} in body should be a multiple of {step}"));
        }
    }

    private static bool Fits(JsonNode value, Schema schema)
    {
        var errors = new FieldErrors();
        Node(value, schema, "", errors);
        return !errors.Any;
    }

    private static bool IsType(JsonNode value, Schema schema) => schema.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map => value is JsonObject,
        SchemaKind.List => value is JsonArray,
        SchemaKind.String => value.AsText() is not null,
        SchemaKind.Boolean => value.AsBool() is not null,
        SchemaKind.Integer => value.AsLong() is not null,
        SchemaKind.Number => value.GetValueKind() == JsonValueKind.Number,
        SchemaKind.IntOrString => value.AsLong() is not null || value.AsText() is not null,
        _ => true,
    };

    private static string TypeOf(Schema schema) => schema.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map => "object",
        SchemaKind.List => "array",
        SchemaKind.Integer => "integer",
        SchemaKind.Number => "number",
        SchemaKind.Boolean => "boolean",
        SchemaKind.IntOrString => "integer,string",
        _ => "string",
    };

    private static string Word(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.AsLong() is null ? "number" : "integer",
        _ => "boolean",
    };
}
