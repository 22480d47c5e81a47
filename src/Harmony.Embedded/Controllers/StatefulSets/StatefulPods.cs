using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.StatefulSets;

/// <summary>The pods and claims of a StatefulSet: their names, and what is written into them.</summary>
internal static class StatefulPods
{
    public const string RevisionLabel = "controller-revision-hash";

    public static long Start(JsonObject set) => set.At("spec", "ordinals", "start").AsLong() ?? 0;

    public static string Name(JsonObject set, long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{ordinal}");

    /// <summary>The pod's number; null for a pod whose name is not one of the set's.</summary>
    public static long? Ordinal(JsonObject set, JsonObject pod) =>
        pod.Name.StartsWith($"{set.Name}-", StringComparison.Ordinal)
        && long.TryParse(pod.Name.AsSpan(set.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? ordinal
            : null;

    public static JsonObject NewPod(JsonObject set, JsonObject revision, long ordinal)
    {
        var pod = PodTemplate.NewPod(ControllerRevisions.Template(revision), set);
        var name = Name(set, ordinal);
        pod.Metadata["name"] = name;
        var labels = pod.Metadata.Child("labels");
        labels["statefulset.kubernetes.io/pod-name"] = name;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision.Name;
        var spec = pod.Child("spec");
        spec["hostname"] = name;
        if (set.At("spec", "serviceName").AsText() is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        var volumes = spec.List("volumes");
        foreach (var template in set.At("spec", "volumeClaimTemplates").Objects())
        {
            foreach (var shadowed in volumes.Objects().Where(v => v.Text("name") == template.Name).ToList())
            {
                volumes.Remove(shadowed);
            }

            volumes.Insert(0, new JsonObject
            {
                ["name"] = template.Name,
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ClaimName(template, name) },
            });
        }

        if (volumes.Count == 0)
        {
            spec.Remove("volumes");
        }

        return pod;
    }

    public static string ClaimName(JsonObject template, string pod) => $"{template.Name}-{pod}";

    public static IEnumerable<JsonObject> NewClaims(JsonObject set, string pod)
    {
        foreach (var template in set.At("spec", "volumeClaimTemplates").Objects())
        {
            var claim = (JsonObject)template.DeepClone();
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            claim.Remove("status");
            claim.Metadata["name"] = ClaimName(template, pod);
            claim.Metadata["namespace"] = set.Namespace;
            foreach (var (key, value) in set.At("spec", "selector", "matchLabels").AsTextMap())
            {
                claim.Metadata.Child("labels")[key] = value;
            }

            yield return claim;
        }
    }
}
