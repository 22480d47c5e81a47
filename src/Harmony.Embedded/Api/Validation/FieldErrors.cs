using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Patches;

namespace Harmony.Embedded.Api.Validation;

/// <summary>The faults found in one object, in kube-apiserver's words and order (its field.ErrorList).</summary>
public sealed class FieldErrors
{
    private readonly List<(string Reason, string Message, string Field)> errors = [];

    public bool Any => errors.Count > 0;

    public void Required(string field, string why = "") => Add("FieldValueRequired", field, "Required value", why);

    public void Invalid(string field, JsonNode? value, string why) => Add("FieldValueInvalid", field, "Invalid value: " + Show(value), why);

    public void Invalid(string field, string value, string why) => Add("FieldValueInvalid", field, "Invalid value: " + Quote(value), why);

    public void Invalid(string field, long value, string why) =>
        Add("FieldValueInvalid", field, "Invalid value: " + value.ToString(CultureInfo.InvariantCulture), why);

    /// <summary>A value of another JSON type than the schema's; <paramref name="type"/> is the word for what was given.</summary>
    public void TypeInvalid(string field, string type, string why) => Add("FieldValueTypeInvalid", field, "Invalid value: " + Quote(type), why);

    public void NotSupported(string field, JsonNode? value, params IEnumerable<string> supported) =>
        Add("FieldValueNotSupported", field, "Unsupported value: " + Show(value), "supported values: " + string.Join(", ", supported.Select(Quote)));

    public void Duplicate(string field, JsonNode? value) => Add("FieldValueDuplicate", field, "Duplicate value: " + Show(value), "");

    public void NotFound(string field, string value) => Add("FieldValueNotFound", field, "Not found: " + Quote(value), "");

    public void Forbidden(string field, string why) => Add("FieldValueForbidden", field, "Forbidden", why);

    public void TooLong(string field, long maximum) =>
        Add("FieldValueTooLong", field, "Too long", string.Create(CultureInfo.InvariantCulture, $"may not be more than {maximum} bytes"));

    public void TooMany(string field, long count, long maximum) =>
        Add("FieldValueTooMany", field, string.Create(CultureInfo.InvariantCulture, $"Too many: {count}"), string.Create(CultureInfo.InvariantCulture, $"must have at most {maximum} items"));

    /// <summary>Throws when there is any fault.</summary>
    /// <exception cref="ApiException">422 Invalid, with each fault as a cause.</exception>
    public void Throw(string group, string kind, string name)
    {
        if (!Any)
        {
            return;
        }

        var causes = new JsonArray();
        foreach (var (reason, message, field) in errors)
        {
            causes.Add((JsonNode)new JsonObject { ["reason"] = reason, ["message"] = message, ["field"] = field });
        }

        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        details["kind"] = kind;
        details["causes"] = causes;
        var texts = errors.Select(e => $"{e.Field}: {e.Message}").Distinct(StringComparer.Ordinal).ToList();
        var qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        throw new ApiException(
            422, "Invalid", $"{qualified} \"{name}\" is invalid: {(texts.Count == 1 ? texts[0] : "[" + string.Join(", ", texts) + "]")}", details);
    }

    private static string Show(JsonNode? value) => value?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.String => Quote(value.GetValue<string>()),
        _ => FieldStep.Compact(value),
    };

    /// <summary>Go's %q: control characters and quotes escaped.</summary>
    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"";

    private void Add(string reason, string field, string message, string why) =>
        errors.Add((reason, why.Length == 0 ? message : $"{message}: {why}", field));
}
