using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>
/// The JSON paths that custom resource definitions use in their printer columns: fields (<c>.a.b</c>, <c>['a.b']</c>, <c>.a\.b</c>), indexes,
/// <c>[*]</c> and equality filters (<c>[?(@.type=="Ready")]</c>). Of several results the first counts, as in kube-apiserver's tables.
/// </summary>
internal static class JsonPath
{
    /// <summary>The value at the path; null where there is none, or the path is not understood.</summary>
    public static JsonNode? Read(JsonNode root, string path) => Walk(root, path.AsSpan().Trim().TrimStart('{').TrimEnd('}')).FirstOrDefault(n => n is not null);

    private static IEnumerable<JsonNode?> Walk(JsonNode? root, ReadOnlySpan<char> path)
    {
        List<JsonNode?> nodes = [root];
        while (path.Length > 0 && nodes.Count > 0)
        {
            if (path[0] == '.')
            {
                path = path[1..];
                var name = new System.Text.StringBuilder();
                while (path.Length > 0 && path[0] is not ('.' or '['))
                {
                    if (path[0] == '\\' && path.Length > 1)
                    {
                        path = path[1..];
                    }

                    name.Append(path[0]);
                    path = path[1..];
                }

                var key = name.ToString();
                if (key.Length > 0)
                {
                    nodes = key == "*" ? [.. nodes.SelectMany(Children)] : [.. nodes.Select(n => n.At(key)).Where(n => n is not null)];
                }
            }
            else if (path[0] == '[' && path.IndexOf(']') is > 0 and var end)
            {
                var inside = path[1..end].Trim().ToString();
                path = path[(end + 1)..];
                nodes = [.. nodes.SelectMany(n => Select(n, inside))];
            }
            else
            {
                return [];
            }
        }

        return nodes;
    }

    private static IEnumerable<JsonNode?> Children(JsonNode? node) => node switch
    {
        JsonArray array => array,
        JsonObject o => o.Select(p => p.Value),
        _ => [],
    };

    private static IEnumerable<JsonNode?> Select(JsonNode? node, string inside)
    {
        if (inside == "*")
        {
            return Children(node);
        }

        if (inside is ['\'' or '"', .., '\'' or '"'])
        {
            return [node.At(inside[1..^1])];
        }

        if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            return node is JsonArray array && (index < 0 ? index + array.Count : index) is var at && at >= 0 && at < array.Count ? [array[at]] : [];
        }

        if (inside.StartsWith("?(@.", StringComparison.Ordinal) && inside.EndsWith(')') && inside.IndexOf("==", StringComparison.Ordinal) is > 0 and var equals)
        {
            var field = inside[4..equals].Trim().Split('.');
            var wanted = inside[(equals + 2)..^1].Trim().Trim('"', '\'');
            return node.Items().Where(n => n.At(field) is JsonValue v && (v.AsText() ?? v.ToJsonString()) == wanted);
        }

        return [];
    }
}
