using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Checks that many kinds share.</summary>
internal static class Checks
{
    public const string Immutable = "field is immutable";
    private const string NotNegative = "must be greater than or equal to 0";

    public static void NonNegative(this FieldErrors errors, JsonObject owner, string path, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            if (owner[field].AsLong() is < 0 and var value)
            {
                errors.Invalid($"{path}.{field}", value, NotNegative);
            }
        }
    }

    /// <summary>A text out of a few; absent is none of them only where it is required.</summary>
    public static void OneOf(this FieldErrors errors, JsonObject owner, string path, string field, bool required, params IEnumerable<string> supported)
    {
        var value = owner.Text(field);
        if (string.IsNullOrEmpty(value))
        {
            if (required)
            {
                errors.Required($"{path}.{field}");
            }
        }
        else if (!supported.Contains(value, StringComparer.Ordinal))
        {
            errors.NotSupported($"{path}.{field}", value, supported);
        }
    }

    /// <summary>The field as text; reported where it is missing or empty.</summary>
    public static string? Need(this FieldErrors errors, JsonObject owner, string path, string field, string why = "")
    {
        var value = owner.Text(field);
        if (string.IsNullOrEmpty(value))
        {
            errors.Required($"{path}.{field}", why);
            return null;
        }

        return value;
    }

    public static void All(this FieldErrors errors, string path, string value, IEnumerable<string> faults)
    {
        foreach (var fault in faults)
        {
            errors.Invalid(path, value, fault);
        }
    }

    public static void PortNumber(this FieldErrors errors, string path, long port)
    {
        if (port is < 1 or > 65535)
        {
            errors.Invalid(path, port, "must be between 1 and 65535, inclusive");
        }
    }

    /// <summary>A port by number or by name.</summary>
    public static void PortNumberOrName(this FieldErrors errors, string path, JsonNode? port)
    {
        if (port.AsText() is { } name)
        {
            errors.All(path, name, Names.PortName(name));
        }
        else
        {
            errors.PortNumber(path, port.AsLong() ?? 0);
        }
    }

    public static void Labels(this FieldErrors errors, JsonNode? labels, string path)
    {
        foreach (var (key, value) in labels.AsTextMap())
        {
            if (LabelSyntax.CheckName(key) is { } name)
            {
                errors.Invalid(path, key, name);
            }

            if (LabelSyntax.CheckValue(value) is { } fault)
            {
                errors.Invalid(path, value, fault);
            }
        }
    }

    public static void Selector(this FieldErrors errors, JsonNode? selector, string path)
    {
        errors.Labels(selector.At("matchLabels"), path + ".matchLabels");
        foreach (var (expression, i) in selector.At("matchExpressions").Objects().Select((e, i) => (e, i)))
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}.matchExpressions[{i}]");
            var values = expression["values"] is JsonArray { Count: > 0 };
            switch (expression.Text("operator"))
            {
                case "In" or "NotIn":
                    if (!values)
                    {
                        errors.Required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
                    }

                    break;
                case "Exists" or "DoesNotExist":
                    if (values)
                    {
                        errors.Forbidden(at + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }

                    break;
                default:
                    errors.Invalid(at + ".operator", expression.Text("operator") ?? "", "not a valid selector operator");
                    break;
            }

            if (LabelSyntax.CheckName(expression.Text("key") ?? "") is { } fault)
            {
                errors.Invalid(at + ".key", expression.Text("key") ?? "", fault);
            }
        }
    }

    /// <summary>Reports a field that differs from the stored one.</summary>
    public static void Same(this FieldErrors errors, JsonNode? updated, JsonNode? old, string path, string why = Immutable)
    {
        if (!JsonNode.DeepEquals(updated, old))
        {
            errors.Invalid(path, updated, why);
        }
    }

    public static IEnumerable<(JsonObject Item, string Path)> Each(this JsonNode? list, string path) =>
        list.Items().Select((item, i) => (item as JsonObject ?? [], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")));
}
