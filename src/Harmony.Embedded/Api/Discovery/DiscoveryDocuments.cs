using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;

namespace Harmony.Embedded.Api.Discovery;

/// <summary>Tells clients what is served: by group and version as of old, or all at once (aggregated).</summary>
internal sealed partial class DiscoveryDocuments(ResourceCatalog catalog)
{
    public const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <summary>The version of Kubernetes whose API this is.</summary>
    public const string KubernetesVersion = "v1.36.2";

    public OpenApiDocuments OpenApi { get; } = new(catalog);

    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "36",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "35",
        ["gitVersion"] = KubernetesVersion,
        ["gitCommit"] = "",
        ["gitTreeState"] = "",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "harmony",
        ["platform"] = $"{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}/{(RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "amd64" : RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant())}",
    };

    public static JsonObject OpenIdConfiguration() => new()
    {
        ["issuer"] = Authentication.TokenIssuer.Issuer,
        ["jwks_uri"] = Authentication.TokenIssuer.Issuer + "/openid/v1/jwks",
        ["response_types_supported"] = new JsonArray((JsonNode)"id_token"),
        ["subject_types_supported"] = new JsonArray((JsonNode)"public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray((JsonNode)"ES256"),
    };

    public JsonObject CoreVersions(string host) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray((JsonNode)"v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = host }),
    };

    /// <summary>APIGroupList.</summary>
    public JsonObject Groups() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. ByGroup().Select(g => (JsonNode)GroupOf(g.Key, g.Versions))]),
    };

    /// <summary>APIGroup; null where there is no such group.</summary>
    public JsonObject? Group(string name)
    {
        var found = ByGroup().FirstOrDefault(g => g.Key == name);
        if (found.Versions is null)
        {
            return null;
        }

        var group = new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach (var (key, value) in GroupOf(name, found.Versions))
        {
            group[key] = value?.DeepClone();
        }

        return group;
    }

    /// <summary>APIResourceList; null where there is no such version.</summary>
    public JsonObject? Resources(string group, string version)
    {
        if (!catalog.Serves(group, version))
        {
            return null;
        }

        var list = new JsonArray();
        foreach (var resource in catalog.All.Where(r => r.Resource.Group == group && r.Resource.Version == version))
        {
            list.Add((JsonNode)ResourceOf(resource));
            foreach (var name in resource.Resource.Subresources)
            {
                list.Add((JsonNode)SubresourceOf(resource, Subresource.Of(resource.Resource, name)));
            }
        }

        var document = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
        {
            document["apiVersion"] = "v1";
        }

        document["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}";
        document["resources"] = list;
        return document;
    }

    /// <summary>The paths of the API, for who asks at its root.</summary>
    public JsonObject Paths() => new()
    {
        ["paths"] = new JsonArray(
        [
            .. ((string[])
            [
                "/api", "/api/v1", "/apis",
                .. ByGroup().SelectMany(g => g.Versions.Select(v => $"/apis/{g.Key}/{v}").Prepend($"/apis/{g.Key}")),
                "/healthz", "/livez", "/openapi/v3", "/readyz", "/version",
            ]).Select(p => (JsonNode)p),
        ]),
    };

    /// <summary>The named groups in order, each with its versions in order of preference.</summary>
    private List<(string Key, List<string> Versions)> ByGroup()
    {
        var groups = new List<(string Key, List<string> Versions)>();
        foreach (var resource in catalog.All)
        {
            if (resource.Resource.Group.Length == 0)
            {
                continue;
            }

            var group = groups.Find(g => g.Key == resource.Resource.Group);
            if (group.Versions is null)
            {
                groups.Add(group = (resource.Resource.Group, []));
            }

            if (!group.Versions.Contains(resource.Resource.Version))
            {
                group.Versions.Add(resource.Resource.Version);
            }
        }

        return groups;
    }

    private static JsonObject GroupOf(string group, List<string> versions)
    {
        JsonObject Of(string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        return new()
        {
            ["name"] = group,
            ["versions"] = new JsonArray([.. versions.Select(v => (JsonNode)Of(v))]),
            ["preferredVersion"] = Of(versions[0]),
        };
    }

    private static JsonObject ResourceOf(ServedResource served)
    {
        var resource = served.Resource;
        var json = new JsonObject
        {
            ["name"] = resource.Plural,
            ["singularName"] = resource.Singular,
            ["namespaced"] = resource.Namespaced,
            ["kind"] = resource.Kind,
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

        if (resource.Verbs.Contains("watch"))
        {
            json["storageVersionHash"] = StorageVersionHash(served);
        }

        return json;
    }

    private static JsonObject SubresourceOf(ServedResource served, Subresource subresource)
    {
        var json = new JsonObject { ["name"] = $"{served.Resource.Plural}/{subresource.Name}", ["singularName"] = "", ["namespaced"] = served.Resource.Namespaced };
        if (subresource.Kind.Group != served.Resource.Group)
        {
            json["group"] = subresource.Kind.Group;
            json["version"] = subresource.Kind.Version;
        }

        json["kind"] = subresource.Kind.Kind;
        json["verbs"] = Texts(subresource.Verbs);
        return json;
    }

    /// <summary>As kube-apiserver computes it: the beginning of the SHA-256 of the stored version.</summary>
    private static string StorageVersionHash(ServedResource served)
    {
        var (group, version) = served.Resource switch
        {
            { Name: "events.events.k8s.io" } => ("", "v1"),
            { Name: "horizontalpodautoscalers.autoscaling" } => ("autoscaling", "v2"),
            var r => (r.Group, r.Version),
        };
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{group}/{version}/{served.Resource.Kind}"));
        return Convert.ToBase64String(hash.AsSpan(0, 8));
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
