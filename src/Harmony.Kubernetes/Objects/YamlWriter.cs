using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// Writes YAML for people: keys in the order of the tree, text of several lines as a block, quotes only where the text would otherwise be read as
/// something else (also by readers of YAML 1.2).
/// </summary>
public static partial class YamlWriter
{
    /// <summary>One document, without a leading <c>---</c>, ending in a line feed.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                WriteMap(text, map, 0, startsInline: true);
                break;
            case JsonArray { Count: > 0 } list:
                WriteList(text, list, 0, startsInline: true);
                break;
            default:
                WriteScalar(text, node, 0);
                break;
        }

        return text.ToString();
    }

    private static void WriteMap(StringBuilder text, JsonObject map, int indent, bool startsInline)
    {
        foreach (var (key, value) in map)
        {
            Indent(text, startsInline ? 0 : indent);
            startsInline = false;
            text.Append(Key(key)).Append(':');
            switch (value)
            {
                case JsonObject { Count: > 0 } child:
                    text.Append('\n');
                    WriteMap(text, child, indent + 2, startsInline: false);
                    break;
                case JsonArray { Count: > 0 } list:
                    // As kubectl writes: the dashes stand beneath the key.
                    text.Append('\n');
                    WriteList(text, list, indent, startsInline: false);
                    break;
                default:
                    text.Append(' ');
                    WriteScalar(text, value, indent + 2);
                    break;
            }
        }
    }

    private static void WriteList(StringBuilder text, JsonArray list, int indent, bool startsInline)
    {
        foreach (var item in list)
        {
            Indent(text, startsInline ? 0 : indent);
            startsInline = false;
            text.Append("- ");
            switch (item)
            {
                case JsonObject { Count: > 0 } map:
                    WriteMap(text, map, indent + 2, startsInline: true);
                    break;
                case JsonArray { Count: > 0 } child:
                    WriteList(text, child, indent + 2, startsInline: true);
                    break;
                default:
                    WriteScalar(text, item, indent + 2);
                    break;
            }
        }
    }

    private static void WriteScalar(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject:
                text.Append("{}");
                break;
            case JsonArray:
                text.Append("[]");
                break;
            default:
                if (node.AsText() is not { } value)
                {
                    text.Append(node.ToJsonString());
                }
                else if (value.Contains('\n', StringComparison.Ordinal) && FitsBlock(value))
                {
                    WriteBlock(text, value, indent);
                    return;
                }
                else
                {
                    text.Append(Inline(value));
                }

                break;
        }

        text.Append('\n');
    }

    private static void WriteBlock(StringBuilder text, string value, int indent)
    {
        var body = value.TrimEnd('\n');
        var ends = value.Length - body.Length;
        var lines = value.Split('\n');
        text.Append('|');
        // Without the indicator, the first line's own spaces would count as indentation.
        if (lines.First(l => l.Length > 0).StartsWith(' ') || lines[0].Length == 0)
        {
            text.Append(2);
        }

        text.Append(ends switch { 0 => "-", 1 => "", _ => "+" }).Append('\n');
        foreach (var line in ends == 0 ? lines : lines[..^1])
        {
            if (line.Length > 0)
            {
                Indent(text, Math.Max(indent, 2)).Append(line);
            }

            text.Append('\n');
        }
    }

    /// <summary>A block keeps every character as it is, so it fits only what may be printed, and what does not hide spaces at a line's end.</summary>
    private static bool FitsBlock(string value) =>
        value.Any(c => c != '\n')
        && value.All(c => c is '\n' or '\t' || IsPrintable(c))
        && value.Split('\n').All(l => l.Length == 0 || (l[^1] is not (' ' or '\t') && l[0] != '\t'));

    /// <summary>YamlDotNet's reader takes a plain key that ends in <c>*</c> for something else.</summary>
    private static string Key(string key) => key.Contains('*', StringComparison.Ordinal) && key.All(IsPrintable) ? SingleQuoted(key) : Inline(key);

    private static string SingleQuoted(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Inline(string value)
    {
        if (!value.All(IsPrintable))
        {
            return DoubleQuoted(value);
        }

        return IsPlain(value) ? value : SingleQuoted(value);
    }

    private static bool IsPlain(string value) =>
        YamlScalars.StaysText(value)
        && !"-?:,[]{}#&*!|>'\"%@`=<~ ".Contains(value[0], StringComparison.Ordinal)
        && value[^1] is not (' ' or ':')
        && !value.Contains(": ", StringComparison.Ordinal)
        && !value.Contains(" #", StringComparison.Ordinal)
        // Right in YAML, but not every parser reads them there.
        && value.AsSpan().IndexOfAny("{}[]") < 0
        && !value.StartsWith("...", StringComparison.Ordinal)
        && !LooksLikeDateOrTime().IsMatch(value);

    private static bool IsPrintable(char c) =>
        c is (>= ' ' and < '\x7f') or (>= '\u00a0' and < '\ud800') or (>= '\ue000' and < '\ufffe') && c is not ('\u2028' or '\u2029' or '\ufeff');

    private static string DoubleQuoted(string value)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                text.Append(c).Append(value[++i]);
                continue;
            }

            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when IsPrintable(c) => text.Append(c),
                // Half a surrogate pair is no character and can be in no UTF-8 text.
                _ when char.IsSurrogate(c) => text.Append("\\uFFFD"),
                _ => text.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)),
            };
        }

        return text.Append('"').ToString();
    }

    private static StringBuilder Indent(StringBuilder text, int indent) => text.Append(' ', indent);

    [GeneratedRegex(@"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?$)", RegexOptions.CultureInvariant)]
    private static partial Regex LooksLikeDateOrTime();
}
