using System.Text.Json.Nodes;

namespace Harmony.Conformance.Tests.Golden;

/// <summary>One request, and what a real kube-apiserver answered.</summary>
public sealed record GoldenCase(string Group, string Name, JsonObject Request, JsonObject Response)
{
    /// <summary>The groups in the order in which they were recorded: state carries over from one to the next.</summary>
    private static readonly string[] Groups =
        ["create", "tables", "custom-resources", "errors", "patches", "server-side-apply", "lists", "watches", "deletes-and-subresources", "discovery"];

    public string Method => Request["method"]!.GetValue<string>();

    public string Path => Request["path"]!.GetValue<string>();

    public int Code => Response["code"]!.GetValue<int>();

    public static IEnumerable<GoldenCase> ReadAll()
    {
        foreach (var group in Groups)
        {
            var file = System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", "Data", group + ".json");
            foreach (var entry in JsonNode.Parse(File.ReadAllText(file))!.AsArray())
            {
                yield return new(group, entry!["name"]!.GetValue<string>(), entry["request"]!.AsObject(), entry["response"]!.AsObject());
            }
        }
    }

    public override string ToString() => $"{Group}: {Name}";
}
