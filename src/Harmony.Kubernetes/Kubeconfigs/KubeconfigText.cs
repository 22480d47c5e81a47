using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Harmony.Kubernetes.Kubeconfigs;

/// <summary>
/// Puts a context with its cluster and user into the text of a user's kubeconfig, and takes it out again. Every other byte stays: order, comments,
/// quotes, what other tools wrote. Cluster, user and context carry the same name.
/// </summary>
public static class KubeconfigText
{
    private static readonly string[] Lists = ["clusters", "contexts", "users"];

    /// <summary>The text with the context in it, in the place of an earlier one of the same name.</summary>
    /// <param name="text">The file as it is; empty where there is none.</param>
    /// <param name="name">The context's name, its cluster's and its user's.</param>
    /// <param name="context">What it holds.</param>
    /// <param name="makeCurrent">Whether it becomes the current context, too.</param>
    /// <param name="file">For errors.</param>
    /// <exception cref="KubernetesException">The text is no kubeconfig, or one in flow style that cannot be changed in place.</exception>
    public static string Merge(string text, string name, KubeconfigContext context, bool makeCurrent, string file)
    {
        var cluster = new JsonObject { ["name"] = name, ["cluster"] = context.Json["clusters"].Objects().First()["cluster"]?.DeepClone() };
        var user = new JsonObject { ["name"] = name, ["user"] = context.Json["users"].Objects().FirstOrDefault()?["user"]?.DeepClone() ?? new JsonObject() };
        var inner = new JsonObject { ["cluster"] = name, ["user"] = name };
        if (context.Namespace != "default")
        {
            inner["namespace"] = context.Namespace;
        }

        var entries = new Dictionary<string, JsonObject>(StringComparer.Ordinal)
        {
            ["clusters"] = cluster,
            ["contexts"] = new() { ["name"] = name, ["context"] = inner },
            ["users"] = user,
        };
        text = Remove(text, name, file);
        if (Layout.Of(text, file) is null)
        {
            text = (text.Length == 0 || text.EndsWith('\n') ? text : text + "\n") + "apiVersion: v1\nkind: Config\n";
        }

        foreach (var list in Lists)
        {
            text = Insert(text, list, entries[list], file);
        }

        return makeCurrent || Layout.Of(text, file)!.Current is not { Length: > 0 } ? SetCurrent(text, name, file) : text;
    }

    /// <summary>The text without the context, its cluster and its user; unchanged where it has none of that name. A current context that was it is none then.</summary>
    /// <exception cref="KubernetesException">The text is no kubeconfig.</exception>
    public static string Remove(string text, string name, string file)
    {
        foreach (var list in Lists)
        {
            while (Layout.Of(text, file) is { } layout && layout.Lists.TryGetValue(list, out var place) && place.Items.FindIndex(i => i.Name == name) is >= 0 and var index)
            {
                text = RemoveItem(text, place, index, file);
            }
        }

        return Layout.Of(text, file)?.Current == name ? SetCurrent(text, "", file) : text;
    }

    private static string RemoveItem(string text, ListPlace place, int index, string file)
    {
        var lines = SplitLines(text);
        var item = place.Items[index];
        if (place.IsFlow || item.FirstLine <= place.KeyLine)
        {
            throw Refuse(file, place.KeyLine);
        }

        lines.RemoveRange(item.FirstLine - 1, item.LastLine - item.FirstLine + 1);
        if (place.Items.Count == 1)
        {
            // A key without a value would be read as null, which some tools do not take for an empty list.
            var key = lines[place.KeyLine - 1];
            lines[place.KeyLine - 1] = key.TrimEnd('\n', '\r') + " []" + key[key.TrimEnd('\n', '\r').Length..];
        }

        return string.Concat(lines);
    }

    private static string Insert(string text, string list, JsonObject entry, string file)
    {
        var lines = SplitLines(text);
        if (Layout.Of(text, file) is not { } layout || !layout.Lists.TryGetValue(list, out var place))
        {
            return (text.EndsWith('\n') || text.Length == 0 ? text : text + "\n") + $"{list}:\n" + Item(entry, 0);
        }

        if (place.Items.Count == 0)
        {
            // `clusters: []`, `clusters: null` and `clusters:` alike.
            lines[place.KeyLine - 1] = $"{list}:\n" + Item(entry, 0);
            return string.Concat(lines);
        }

        if (place.IsFlow)
        {
            throw Refuse(file, place.KeyLine);
        }

        var after = place.Items[^1].LastLine;
        if (!lines[after - 1].EndsWith('\n'))
        {
            lines[after - 1] += "\n";
        }

        lines.Insert(after, Item(entry, place.Indent));
        return string.Concat(lines);
    }

    private static string SetCurrent(string text, string name, string file)
    {
        var layout = Layout.Of(text, file);
        if (layout is not { CurrentLine: > 0 })
        {
            return name.Length == 0 ? text : (text.EndsWith('\n') ? text : text + "\n") + YamlWriter.Write(new JsonObject { ["current-context"] = name });
        }

        var lines = SplitLines(text);
        lines[layout.CurrentLine - 1] = name.Length == 0 ? "current-context: \"\"\n" : YamlWriter.Write(new JsonObject { ["current-context"] = name });
        return string.Concat(lines);
    }

    private static string Item(JsonObject entry, int indent)
    {
        var yaml = YamlWriter.Write(new JsonArray(entry.DeepClone()));
        return indent == 0 ? yaml : string.Concat(SplitLines(yaml).Select(l => new string(' ', indent) + l));
    }

    private static KubernetesException Refuse(string file, int line) => new(
        KubernetesError.Kubeconfig,
        $"Changing the kubeconfig {file}:{line}: it is written in flow style ({{ }}, [ ]), in which harmony cannot change a part without the rest.",
        "Use harmony's own file instead: harmony runtime kubeconfig.");

    /// <summary>The lines with their ends, so that they concatenate to the same text.</summary>
    private static List<string> SplitLines(string text)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                lines.Add(text[start..(i + 1)]);
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    private sealed record ItemPlace(string Name, int FirstLine, int LastLine);

    /// <param name="KeyLine">The line of the key, one-based as all here.</param>
    /// <param name="Indent">Spaces before the dashes.</param>
    private sealed record ListPlace(int KeyLine, int Indent, bool IsFlow, List<ItemPlace> Items);

    /// <summary>Where the parts of a kubeconfig stand in its text.</summary>
    private sealed class Layout
    {
        public Dictionary<string, ListPlace> Lists { get; } = new(StringComparer.Ordinal);

        public string? Current { get; private set; }

        public int CurrentLine { get; private set; }

        /// <summary>Null for an empty text.</summary>
        public static Layout? Of(string text, string file)
        {
            try
            {
                var parser = new Parser(new StringReader(text));
                parser.Consume<StreamStart>();
                if (!parser.TryConsume<DocumentStart>(out _) || parser.Current is Scalar { Value: "" })
                {
                    return null;
                }

                if (parser.Current is not MappingStart { Style: not MappingStyle.Flow } root)
                {
                    throw Refuse(file, (int)parser.Current!.Start.Line);
                }

                parser.MoveNext();
                var layout = new Layout();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    layout.ReadKey(parser);
                }

                return layout;
            }
            catch (YamlDotNet.Core.YamlException e)
            {
                throw new KubernetesException(KubernetesError.Kubeconfig, $"Changing the kubeconfig {file}:{e.Start.Line}: {e.Message}", "Repair the file first.", e);
            }
        }

        private void ReadKey(Parser parser)
        {
            var key = parser.Consume<Scalar>();
            var line = (int)key.Start.Line;
            if (key.Value == "current-context" && parser.Current is Scalar current)
            {
                (Current, CurrentLine) = (current.Value, line);
            }

            if (!KubeconfigText.Lists.Contains(key.Value))
            {
                Skip(parser);
                return;
            }

            var place = new ListPlace(line, 0, IsFlow: false, []);
            if (parser.TryConsume<SequenceStart>(out var sequence))
            {
                place = place with { Indent = (int)sequence.Start.Column - 1, IsFlow = sequence.Style == SequenceStyle.Flow };
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    place.Items.Add(ReadItem(parser));
                }
            }
            else
            {
                Skip(parser);
            }

            Lists[key.Value] = place;
        }

        private static ItemPlace ReadItem(Parser parser)
        {
            var first = (int)parser.Current!.Start.Line;
            var (depth, last, name) = (0, first, "");
            Scalar? previous = null;
            do
            {
                var current = parser.Current!;
                if (current is Scalar scalar)
                {
                    if (depth == 1 && previous?.Value == "name")
                    {
                        name = scalar.Value;
                    }

                    previous = scalar;
                }
                else
                {
                    previous = null;
                }

                depth += current.NestingIncrease;
                // A block's end is told at what follows it, beyond comments that are not its own: only what has text of its own counts.
                if (current is Scalar or MappingStart or SequenceStart or AnchorAlias || (current is MappingEnd or SequenceEnd && current.End.Line == current.Start.Line && current.End.Column > current.Start.Column))
                {
                    last = Math.Max(last, LastLineOf(current));
                }

                parser.MoveNext();
            }
            while (depth > 0);
            return new(name, first, last);
        }

        /// <summary>A block scalar ends at the start of the line after it.</summary>
        private static int LastLineOf(ParsingEvent e) =>
            (int)(e is Scalar { Style: ScalarStyle.Literal or ScalarStyle.Folded } && e.End.Column == 1 ? e.End.Line - 1 : e is Scalar ? e.End.Line : e.Start.Line);

        private static void Skip(Parser parser)
        {
            var depth = 0;
            do
            {
                depth += parser.Current!.NestingIncrease;
                parser.MoveNext();
            }
            while (depth > 0);
        }
    }
}
