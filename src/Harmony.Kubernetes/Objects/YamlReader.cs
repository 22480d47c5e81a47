using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// Reads YAML, and JSON, as Kubernetes does: YAML 1.1 scalars, anchors, aliases and merge keys, keys always text. Duplicate keys are an error,
/// and so is what exceeds the limits.
/// </summary>
public static class YamlReader
{
    /// <summary>Each is found by reading anew, so a text of nothing else must not take forever.</summary>
    private const int MostBlankStarts = 200;

    /// <summary>All documents of a text, in order, the empty ones included.</summary>
    /// <exception cref="YamlException">With line and column.</exception>
    public static IReadOnlyList<YamlDocument> ReadAll(string text, YamlLimits limits)
    {
        if (text.Length > limits.MaxBytes || Encoding.UTF8.GetByteCount(text) > limits.MaxBytes)
        {
            throw new YamlException(YamlError.TooLarge, 1, 1, $"the text has more than {limits.MaxBytes} bytes");
        }

        text = text.TrimStart('\uFEFF');
        if (text.AsSpan().TrimStart() is ['{', ..])
        {
            try
            {
                return YamlJson.ReadAll(text, limits);
            }
            catch (JsonException)
            {
                // A flow mapping of YAML starts alike.
            }
        }

        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new Reading(text, limits).ReadAll();
            }
            catch (YamlDotNet.Core.YamlException e) when (attempt < MostBlankStarts && WithoutSpacesBefore(text, e) is { } trimmed)
            {
                text = trimmed;
            }
            catch (YamlDotNet.Core.YamlException e)
            {
                throw TabIn(text, e) ?? new YamlException(YamlError.Syntax, Math.Min((int)e.Start.Line, LastLine(text)), (int)e.Start.Column, Plain(e), e);
            }
        }
    }

    /// <summary>
    /// The text without the spaces in the blank lines that a block scalar starts with, where those are what the parser stumbles over: templates of
    /// Helm charts leave such lines, and spaces up to the block's own indentation mean nothing in them. Null where something else is wrong.
    /// </summary>
    private static string? WithoutSpacesBefore(string text, YamlDotNet.Core.YamlException e)
    {
        if (!e.Message.Contains("extra spaces in first line", StringComparison.Ordinal))
        {
            return null;
        }

        var lines = text.Split('\n');
        var content = (int)e.Start.Line - 1;
        if (content >= lines.Length)
        {
            return null;
        }

        var indentation = lines[content].Length - lines[content].TrimStart(' ').Length;
        var changed = false;
        for (var i = content - 1; i >= 0 && string.IsNullOrWhiteSpace(lines[i]); i--)
        {
            if (lines[i].TrimEnd('\r').Length > indentation)
            {
                return null;
            }

            changed |= lines[i].Length > 0;
            lines[i] = "";
        }

        return changed ? string.Join('\n', lines) : null;
    }

    /// <summary>A tab as indentation is the most frequent mistake, and what the parser says of it is far from the point.</summary>
    private static YamlException? TabIn(string text, YamlDotNet.Core.YamlException e)
    {
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var tab = line[..(line.Length - line.TrimStart().Length)].IndexOf('\t');
            if (tab >= 0 && number >= e.Start.Line && number <= e.End.Line)
            {
                return new(YamlError.Syntax, number, tab + 1, "a tab indents this line; YAML takes spaces only", e);
            }
        }

        return null;
    }

    /// <summary>What is missing at the end of a text is missed on the line after it, which no editor shows.</summary>
    private static int LastLine(string text) => text.AsSpan().TrimEnd().Count('\n') + 1;

    private static string Plain(YamlDotNet.Core.YamlException e)
    {
        // The library's words are right but speak of tokens; the most frequent mistakes deserve better.
        if (e.Message.Contains("cannot start any token", StringComparison.Ordinal))
        {
            return "a value cannot start with this character; put text with special characters in quotes";
        }

        if (e.Message.Contains("did not find expected <document start>", StringComparison.OrdinalIgnoreCase))
        {
            return "the document has ended here by its indentation, but more follows; separate documents with ---";
        }

        var message = e.Message.TrimEnd('.');
        return message.Length == 0 ? "this is no YAML" : char.ToLower(message[0], CultureInfo.InvariantCulture) + message[1..];
    }

    private sealed class Reading(string text, YamlLimits limits)
    {
        private static readonly object InProgress = new();

        private readonly Parser parser = new(new StringReader(text));
        private readonly YamlTree tree = new(limits);
        private readonly Dictionary<string, object?> anchors = new(StringComparer.Ordinal);

        public List<YamlDocument> ReadAll()
        {
            var documents = new List<YamlDocument>();
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
            {
                anchors.Clear();
                tree.Lines = new(ReferenceEqualityComparer.Instance);
                var line = (int)parser.Current!.Start.Line;
                var root = ReadNode(1);
                documents.Add(new(root, line) { Lines = tree.Lines });
                parser.Consume<DocumentEnd>();
            }

            return documents;
        }

        private JsonNode? ReadNode(int depth)
        {
            var start = parser.Current!.Start;
            int line = (int)start.Line, column = (int)start.Column;
            tree.Count(line, column);
            switch (parser.Current)
            {
                case AnchorAlias alias:
                    parser.MoveNext();
                    return Expand(alias, depth, line, column);
                case Scalar scalar:
                    parser.MoveNext();
                    return Keep(scalar, tree.Place(Read(scalar, line, column), line));
                case SequenceStart sequence:
                    tree.CheckDepth(depth, line, column);
                    parser.MoveNext();
                    Begin(sequence);
                    var list = new JsonArray();
                    while (!parser.TryConsume<SequenceEnd>(out _))
                    {
                        list.Add(ReadNode(depth + 1));
                    }

                    return Keep(sequence, tree.Place(list, line));
                case MappingStart mapping:
                    tree.CheckDepth(depth, line, column);
                    parser.MoveNext();
                    Begin(mapping);
                    return Keep(mapping, tree.Place(ReadMapping(depth), line));
                default:
                    throw new YamlException(YamlError.Syntax, line, column, "a value is missing here");
            }
        }

        private JsonObject ReadMapping(int depth)
        {
            var map = new JsonObject();
            JsonObject? merged = null;
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var start = parser.Current!.Start;
                int line = (int)start.Line, column = (int)start.Column;
                if (parser.Current is Scalar { Value: "<<", Style: ScalarStyle.Plain })
                {
                    parser.MoveNext();
                    merged ??= [];
                    Merge(merged, ReadNode(depth + 1), line, column);
                    continue;
                }

                var key = KeyText(ReadNode(depth + 1), line, column);
                YamlTree.Add(map, key, ReadNode(depth + 1), line, column);
            }

            // What is written in the mapping itself wins over what is merged into it.
            foreach (var (key, value) in merged?.ToList() ?? [])
            {
                merged!.Remove(key);
                map.TryAdd(key, value);
            }

            return map;
        }

        private static void Merge(JsonObject into, JsonNode? from, int line, int column)
        {
            switch (from)
            {
                case JsonObject map:
                    foreach (var (key, value) in map.ToList())
                    {
                        map.Remove(key);
                        into.TryAdd(key, value);
                    }

                    break;
                case JsonArray list when list.All(i => i is JsonObject):
                    foreach (var item in list)
                    {
                        Merge(into, item, line, column);
                    }

                    break;
                default:
                    throw new YamlException(YamlError.Unsupported, line, column, "a merge key (<<) needs a mapping, or a list of mappings");
            }
        }

        private static string KeyText(JsonNode? key, int line, int column) => key switch
        {
            JsonValue value => value.AsText() ?? value.ToJsonString(),
            null => throw new YamlException(YamlError.Unsupported, line, column, "a key is empty"),
            _ => throw new YamlException(YamlError.Unsupported, line, column, "a key must be text, not a mapping or a list ({{ }} of a template must be in quotes)"),
        };

        private static JsonNode? Read(Scalar scalar, int line, int column)
        {
            var tag = scalar.Tag.IsEmpty ? null : scalar.Tag.IsNonSpecific ? "!" : scalar.Tag.Value;
            if (tag is null && scalar.Style is not ScalarStyle.Plain)
            {
                return JsonValue.Create(scalar.Value);
            }

            try
            {
                return YamlScalars.Resolve(scalar.Value, tag);
            }
            catch (FormatException e)
            {
                throw new YamlException(YamlError.Unsupported, line, column, e.Message, e);
            }
        }

        private void Begin(NodeEvent node)
        {
            if (!node.Anchor.IsEmpty)
            {
                anchors[node.Anchor.Value] = InProgress;
            }
        }

        private JsonNode? Keep(NodeEvent node, JsonNode? value)
        {
            if (!node.Anchor.IsEmpty)
            {
                // The value itself goes into the tree and a merge may take it apart: keep a copy.
                anchors[node.Anchor.Value] = tree.Copy(value, 1, (int)node.Start.Line, (int)node.Start.Column);
            }

            return value;
        }

        private JsonNode? Expand(AnchorAlias alias, int depth, int line, int column)
        {
            if (!anchors.TryGetValue(alias.Value.Value, out var target))
            {
                throw new YamlException(YamlError.Syntax, line, column, $"the alias *{alias.Value.Value} has no anchor before it");
            }

            return target == InProgress
                ? throw new YamlException(YamlError.Unsupported, line, column, $"the alias *{alias.Value.Value} stands within its own anchor")
                : tree.Copy((JsonNode?)target, depth, line, column);
        }
    }
}
