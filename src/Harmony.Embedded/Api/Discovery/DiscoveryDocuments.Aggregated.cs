using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;

namespace Harmony.Embedded.Api.Discovery;

internal sealed partial class DiscoveryDocuments
{
    /// <summary>APIGroupDiscoveryList: of the core group, or of all others.</summary>
    public JsonObject Aggregated(bool core)
    {
        IEnumerable<(string Key, List<string> Versions)> groups = core ? [("", ["v1"])] : ByGroup();
        return new()
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(g => (JsonNode)new JsonObject
            {
                ["metadata"] = g.Key.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = g.Key },
                ["versions"] = new JsonArray([.. g.Versions.Select(v => (JsonNode)new JsonObject
                {
                    ["version"] = v,
                    ["resources"] = new JsonArray([.. catalog.All.Where(r => r.Resource.Group == g.Key && r.Resource.Version == v).Select(r => (JsonNode)AggregatedOf(r))]),
                    ["freshness"] = "Current",
                })]),
            })]),
        };
    }

    private static JsonObject AggregatedOf(ServedResource served)
    {
        var resource = served.Resource;
        // Kubernetes' own kinds leave the kind's group and version to be read from around it.
        var json = new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = served.Custom is null ? KindOf("", "", resource.Kind) : KindOf(resource.Group, resource.Version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Texts(resource.Verbs),
        };
        if (resource.ShortNames.Count > 0)
        {
            json["shortNames"] = Texts(resource.ShortNames);
        }

        if (resource.Categories.Count > 0)
        {
            json["categories"] = Texts(resource.Categories);
        }

        if (resource.Subresources.Count > 0)
        {
            json["subresources"] = new JsonArray([.. resource.Subresources.Select(name =>
            {
                var subresource = Subresource.Of(resource, name);
                var whole = served.Custom is not null || subresource.Kind.Group != resource.Group;
                return (JsonNode)new JsonObject
                {
                    ["subresource"] = name,
                    ["responseKind"] = whole ? KindOf(subresource.Kind.Group, subresource.Kind.Version, subresource.Kind.Kind)
                        : KindOf("", "", subresource.Kind.Kind),
                    ["verbs"] = Texts(subresource.Verbs),
                };
            })]);
        }

        return json;
    }

    private static JsonObject KindOf(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };
}
