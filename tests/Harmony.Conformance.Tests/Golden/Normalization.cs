using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harmony.Conformance.Tests.Golden;

/// <summary>Replaces what cannot be equal in two runs: uids, versions, times, allocated addresses and ports, random names, tokens, hashes.</summary>
public static partial class Normalization
{
    public static JsonNode? Apply(JsonNode? node, string name = "")
    {
        switch (node)
        {
            case JsonObject o:
                var result = new JsonObject();
                foreach (var (key, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    result[Text(key)] = Apply(value, key);
                }

                return result;
            case JsonArray a when name == "managedFields":
                // Entries are ordered by time, to the second: which second it was is chance.
                return new JsonArray([.. a.OrderBy(e => $"{e?["operation"]} {e?["manager"]} {e?["subresource"]}", StringComparer.Ordinal).Select(i => Apply(i))]);
            case JsonArray a:
                return new JsonArray([.. a.Select(i => Apply(i, name))]);
            case JsonValue v when v.TryGetValue<string>(out var text):
                return name switch
                {
                    "resourceVersion" => "<version>",
                    "continue" => "<continue>",
                    "token" => "<token>",
                    "serverAddress" => "<address>",
                    "cells" when Age().IsMatch(text) => "<age>",
                    _ => Text(text),
                };
            case JsonValue v when name == "nodePort":
                return "<port>";
            default:
                return node?.DeepClone();
        }
    }

    public static string Text(string text)
    {
        text = Uid().Replace(text, "<uid>");
        text = Time().Replace(text, "<time>");
        text = Address().Replace(text, "<address>");
        text = RandomName().Replace(text, "$1<random>");
        text = Hash().Replace(text, "hash=<hash>");
        return NodePort().Replace(text, ":<port>/");
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Time();

    [GeneratedRegex(@"10\.96\.\d+\.\d+")]
    private static partial Regex Address();

    [GeneratedRegex("(kube-api-access-|^gen-)[a-z0-9]{5}")]
    private static partial Regex RandomName();

    [GeneratedRegex("hash=[0-9A-F]+")]
    private static partial Regex Hash();

    [GeneratedRegex(@":3\d{4}/")]
    private static partial Regex NodePort();

    [GeneratedRegex(@"^\d+[smhdy](\d+[smhdy])?$")]
    private static partial Regex Age();
}
