using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>One document of a YAML text.</summary>
/// <param name="Root">Its content; null for an empty document, one of comments alone, or <c>null</c>.</param>
/// <param name="Line">The one-based line where the content starts.</param>
public sealed record YamlDocument(JsonNode? Root, int Line)
{
    internal IReadOnlyDictionary<JsonNode, int> Lines { get; init; } = new Dictionary<JsonNode, int>();

    /// <summary>
    /// The one-based line where a node of this document was written; for what an alias stands for, where its anchor is. A node that is no part of
    /// the document as it was read has its nearest known ancestor's line.
    /// </summary>
    public int LineOf(JsonNode? node)
    {
        for (var step = node; step is not null; step = step.Parent)
        {
            if (Lines.TryGetValue(step, out var line))
            {
                return line;
            }
        }

        return Line;
    }
}
