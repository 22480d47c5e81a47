using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Whether a node is one that a pod, or a volume, accepts.</summary>
internal static class NodeAffinity
{
    public static bool Accepts(JsonObject pod, JsonObject node)
    {
        var labels = node.Labels;
        foreach (var (key, value) in pod.At("spec", "nodeSelector").AsTextMap())
        {
            if (labels.GetValueOrDefault(key) != value)
            {
                return false;
            }
        }

        return pod.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") is not JsonObject required
            || Matches(required, node);
    }

    /// <summary>A v1.NodeSelector: any of its terms, and in a term all of its requirements. A term without any chooses nothing.</summary>
    public static bool Matches(JsonObject selector, JsonObject node) => selector["nodeSelectorTerms"].Objects().Any(term =>
    {
        var expressions = term["matchExpressions"].Objects().ToList();
        var fields = term["matchFields"].Objects().ToList();
        return expressions.Count + fields.Count > 0
            && expressions.TrueForAll(e => Matches(e, node.Label(e.Text("key") ?? "")))
            && fields.TrueForAll(f => f.Text("key") == "metadata.name" && Matches(f, node.Name));
    });

    private static bool Matches(JsonObject requirement, string? value)
    {
        var values = requirement["values"].Items().Select(v => v.AsText() ?? "").ToList();
        return requirement.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value, StringComparer.Ordinal),
            "NotIn" => value is null || !values.Contains(value, StringComparer.Ordinal),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => Number(value) > Number(values.FirstOrDefault()),
            "Lt" => Number(value) < Number(values.FirstOrDefault()),
            _ => false,
        };
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
