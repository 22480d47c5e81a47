using System.Text;
using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// Chooses objects by their fields: <c>metadata.name=web,status.phase!=Running</c>. A field that an object lacks counts as empty.
/// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/.
/// </summary>
public sealed class FieldSelector
{
    private FieldSelector(IReadOnlyList<FieldRequirement> requirements) => Requirements = requirements;

    /// <summary>Chooses everything.</summary>
    public static FieldSelector Everything { get; } = new([]);

    public IReadOnlyList<FieldRequirement> Requirements { get; }

    /// <exception cref="FormatException">With the API server's own words.</exception>
    public static FieldSelector Parse(string? text)
    {
        var requirements = new List<FieldRequirement>();
        foreach (var term in Terms(text ?? ""))
        {
            var at = 0;
            while (at < term.Length && term[at] != '=' && !(term[at] == '!' && at + 1 < term.Length && term[at + 1] == '='))
            {
                at += term[at] == '\\' ? 2 : 1;
            }

            if (at >= term.Length)
            {
                throw new FormatException($"invalid selector: '{text}'; can't understand '{term}'");
            }

            var negated = term[at] == '!';
            var width = negated || (at + 1 < term.Length && term[at + 1] == '=') ? 2 : 1;
            requirements.Add(new(term[..at], Unescape(term[(at + width)..]), negated));
        }

        return requirements.Count == 0 ? Everything : new(requirements);
    }

    public bool Matches(JsonObject obj) => Requirements.All(r => r.Matches(obj));

    public override string ToString() => string.Join(',', Requirements);

    private static IEnumerable<string> Terms(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '\\')
            {
                i++;
            }
            else if (i == text.Length || text[i] == ',')
            {
                if (i > start)
                {
                    yield return text[start..i];
                }

                start = i + 1;
            }
        }
    }

    private static string Unescape(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            switch (value[i])
            {
                case '\\' when i + 1 < value.Length && value[i + 1] is '\\' or ',' or '=':
                    text.Append(value[++i]);
                    break;
                case '\\' when i + 1 < value.Length:
                    throw new FormatException($"invalid field selector: invalid escape sequence: \\{value[i + 1]}");
                case '\\':
                    throw new FormatException("invalid field selector: unterminated escape sequence");
                case ',' or '=':
                    throw new FormatException($"invalid field selector: unescaped character in value: {value[i]}");
                default:
                    text.Append(value[i]);
                    break;
            }
        }

        return text.ToString();
    }
}

/// <summary>One condition of a field selector.</summary>
/// <param name="Field">The path, with dots: <c>spec.nodeName</c>.</param>
/// <param name="Value">What it must be, or must not be; booleans and numbers as JSON writes them.</param>
/// <param name="Negated">Whether <c>!=</c> was asked.</param>
public sealed record FieldRequirement(string Field, string Value, bool Negated)
{
    public bool Matches(JsonObject obj) => Negated != string.Equals(Read(obj), Value, StringComparison.Ordinal);

    public override string ToString() =>
        $"{Field}{(Negated ? "!=" : "=")}{Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal)}";

    private string Read(JsonObject obj) =>
        obj.At(Field.Split('.')) switch
        {
            JsonValue value => value.AsText() ?? value.ToJsonString(),
            // As the API server: a boolean that is not set is false.
            null when Value is "true" or "false" => "false",
            _ => "",
        };
}
