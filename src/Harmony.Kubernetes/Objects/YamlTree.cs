using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>Builds the nodes of a text within its limits, and remembers where each was written.</summary>
internal sealed class YamlTree(YamlLimits limits)
{
    private int nodes;

    /// <summary>The lines of the document that is being read; set anew for each.</summary>
    public Dictionary<JsonNode, int> Lines { get; set; } = new(ReferenceEqualityComparer.Instance);

    public void Count(int line, int column)
    {
        if (++nodes > limits.MaxNodes)
        {
            throw new YamlException(YamlError.TooLarge, line, column, $"the text has more than {limits.MaxNodes} values, with its aliases expanded");
        }
    }

    public void CheckDepth(int depth, int line, int column)
    {
        if (depth > limits.MaxDepth)
        {
            throw new YamlException(YamlError.TooLarge, line, column, $"the text is nested deeper than {limits.MaxDepth} levels");
        }
    }

    public T Place<T>(T node, int line)
        where T : JsonNode?
    {
        if (node is not null)
        {
            Lines[node] = line;
        }

        return node;
    }

    public static void Add(JsonObject map, string key, JsonNode? value, int line, int column)
    {
        if (!map.TryAdd(key, value))
        {
            throw new YamlException(YamlError.DuplicateKey, line, column, $"the key '{key}' is there twice in one mapping");
        }
    }

    /// <summary>A copy of what an anchor names, counted as if it had been written out.</summary>
    public JsonNode? Copy(JsonNode? node, int depth, int line, int column)
    {
        Count(line, column);
        if (node is null)
        {
            return null;
        }

        CheckDepth(depth, line, column);
        JsonNode copy;
        switch (node)
        {
            case JsonObject map:
                var newMap = new JsonObject();
                foreach (var (key, value) in map)
                {
                    newMap.Add(key, Copy(value, depth + 1, line, column));
                }

                copy = newMap;
                break;
            case JsonArray list:
                var newList = new JsonArray();
                foreach (var item in list)
                {
                    newList.Add(Copy(item, depth + 1, line, column));
                }

                copy = newList;
                break;
            default:
                copy = node.DeepClone();
                break;
        }

        return Place(copy, Lines.GetValueOrDefault(node, line));
    }
}
