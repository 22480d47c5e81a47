using System.Text.Json.Nodes;

namespace Harmony.Conformance.Tests.Golden;

/// <summary>One place where an answer is not what kube-apiserver's was.</summary>
/// <param name="Path">Such as <c>body.items[0].spec</c>, <c>code</c> or <c>headers.Warning</c>.</param>
public sealed record Difference(GoldenCase Case, string Path, string Expected, string Actual)
{
    public override string ToString() => $"{Case.Group} | {Case.Name} | {Path}\n      expected {Shorten(Expected)}\n      actual   {Shorten(Actual)}";

    /// <summary>All differences between two normalised trees.</summary>
    public static IEnumerable<Difference> Between(GoldenCase golden, string path, JsonNode? expected, JsonNode? actual)
    {
        switch (expected, actual)
        {
            case (JsonObject e, JsonObject a):
                foreach (var key in e.Select(p => p.Key).Union(a.Select(p => p.Key), StringComparer.Ordinal))
                {
                    var (has, given) = (e.ContainsKey(key), a.ContainsKey(key));
                    if (has && given)
                    {
                        foreach (var difference in Between(golden, $"{path}.{key}", e[key], a[key]))
                        {
                            yield return difference;
                        }
                    }
                    else
                    {
                        yield return new(golden, $"{path}.{key}", has ? Show(e[key]) : "<absent>", given ? Show(a[key]) : "<absent>");
                    }
                }

                break;
            case (JsonArray e, JsonArray a) when e.Count == a.Count:
                for (var i = 0; i < e.Count; i++)
                {
                    foreach (var difference in Between(golden, $"{path}[{i}]", e[i], a[i]))
                    {
                        yield return difference;
                    }
                }

                break;
            default:
                if (!JsonNode.DeepEquals(expected, actual))
                {
                    yield return new(golden, path, Show(expected), Show(actual));
                }

                break;
        }
    }

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";

    private static string Shorten(string text) => text.Length <= 600 ? text : text[..600] + "…";
}
