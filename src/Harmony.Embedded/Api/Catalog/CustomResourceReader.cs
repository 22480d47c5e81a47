using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Strategies;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>Reads what a CustomResourceDefinition makes the API serve.</summary>
internal static partial class CustomResourceReader
{
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    private static readonly Strategy CustomStrategy = new() { CountsGeneration = true, AllowsUnconditionalUpdate = false };

    /// <summary>The served versions, most preferred first.</summary>
    public static IEnumerable<ServedResource> Read(JsonObject definition)
    {
        var spec = definition.Spec ?? [];
        var storage = CustomResourceDefinitionStrategy.StorageVersion(definition);
        var versions = spec["versions"].Objects().Where(v => v["served"].AsBool() == true).ToList();
        var renamed = spec["versions"].Objects().Count() > 1 || definition.At("status", "storedVersions").Items().Count() > 1;
        return versions
            .OrderByDescending(v => v.Text("name") ?? "", VersionOrder.Instance)
            .Select(v => ReadVersion(spec, v, renamed && storage is not null ? new RenamedVersion($"{spec.Text("group")}/{storage}") : null));
    }

    private static ServedResource ReadVersion(JsonObject spec, JsonObject version, IVersionConversion? conversion)
    {
        var names = spec["names"];
        var kind = names.At("kind").AsText() ?? "";
        var subresources = new List<string>();
        if (version.At("subresources", "status") is not null)
        {
            subresources.Add("status");
        }

        var scale = version.At("subresources", "scale") as JsonObject;
        if (scale is not null)
        {
            subresources.Add("scale");
        }

        var resource = new ApiResource(spec.Text("group") ?? "", version.Text("name") ?? "", names.At("plural").AsText() ?? "", kind, spec.Text("scope") != "Cluster")
        {
            Singular = names.At("singular").AsText() is { Length: > 0 } singular ? singular : kind.ToLowerInvariant(),
            ListKind = names.At("listKind").AsText() is { Length: > 0 } list ? list : kind + "List",
            ShortNames = Texts(names.At("shortNames")),
            Categories = Texts(names.At("categories")),
            Verbs = Verbs,
            Subresources = subresources,
        };
        var text = (version.At("schema", "openAPIV3Schema") as JsonObject)?.ToJsonString();
        return new(resource, resource.Name, CustomStrategy, () => CustomSchema.Parse(text is null ? null : JsonNode.Parse(text)!.AsObject()))
        {
            Custom = new CustomDefinition(
                [.. version["additionalPrinterColumns"].Objects().Select(ReadColumn)],
                scale is null ? null : new(scale.Text("specReplicasPath") ?? "", scale.Text("statusReplicasPath") ?? "", scale.Text("labelSelectorPath")),
                [.. version["selectableFields"].Objects().Select(f => (f.Text("jsonPath") ?? "").TrimStart('.'))])
            {
                OpenApiText = text,
                Deprecation = version["deprecated"].AsBool() == true
                    ? version.Text("deprecationWarning") ?? $"{resource.ApiVersion} {kind} is deprecated" : null,
            },
            Conversion = conversion,
        };
    }

    private static PrinterColumn ReadColumn(JsonObject column) => new(
        column.Text("name") ?? "", column.Text("type") ?? "string", column.Text("format") ?? "", column.Text("description") ?? "",
        column["priority"].AsInt() ?? 0, column.Text("jsonPath") ?? "");

    private static string[] Texts(JsonNode? list) => [.. list.Items().Select(t => t.AsText() ?? "").Where(t => t.Length > 0)];

    /// <summary>Kubernetes' order of versions: v2 before v1 before v1beta1 before v1alpha1 before anything else by name.</summary>
    private sealed partial class VersionOrder : IComparer<string>
    {
        public static VersionOrder Instance { get; } = new();

        public int Compare(string? x, string? y)
        {
            var order = Rank(x ?? "").CompareTo(Rank(y ?? ""));
            return order != 0 ? order : string.CompareOrdinal(y, x);
        }

        private static (int Stability, int Major, int Minor) Rank(string version)
        {
            if (KubernetesVersion().Match(version) is not { Success: true } match)
            {
                return (0, 0, 0);
            }

            var stability = match.Groups["stage"].Value switch { "" => 3, "beta" => 2, _ => 1 };
            _ = int.TryParse(match.Groups["major"].ValueSpan, out var major);
            _ = int.TryParse(match.Groups["minor"].ValueSpan, out var minor);
            return (stability, major, minor);
        }

        [GeneratedRegex("^v(?<major>[0-9]{1,9})((?<stage>alpha|beta)(?<minor>[0-9]{1,9}))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex KubernetesVersion();
    }
}
