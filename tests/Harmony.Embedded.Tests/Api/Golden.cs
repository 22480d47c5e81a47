using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api;

/// <summary>The recorded answers of a real kube-apiserver, which the conformance tests replay in whole.</summary>
internal static class Golden
{
    public static IEnumerable<JsonObject> Entries(string file)
    {
        var folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, "tests", "Harmony.Conformance.Tests")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        var path = Path.Combine(folder, "tests", "Harmony.Conformance.Tests", "Golden", "Data", file + ".json");
        return JsonNode.Parse(File.ReadAllText(path))!.AsArray().Select(e => e!.AsObject());
    }

    public static JsonObject Entry(string file, string name) => Entries(file).Single(e => e.Text("name") == name);

    public static JsonObject Request(this JsonObject entry) => entry["request"]!["body"]!.DeepClone().AsObject();

    public static JsonObject Response(this JsonObject entry) => entry["response"]!["body"]!.DeepClone().AsObject();

    public static Schema SchemaOf(JsonObject obj) => SchemaCatalog.Find(obj.GroupVersionKind).ShouldNotBeNull();
}
