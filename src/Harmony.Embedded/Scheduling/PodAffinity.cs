using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Which other pods a pod must, or must not, share a node with. With one node every topology is that node.</summary>
internal static class PodAffinity
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";

    /// <summary>Why the pod does not fit beside the others, in kube-scheduler's words; null where it does.</summary>
    /// <param name="choosy">Those of the others that have terms of their own.</param>
    public static string? Objection(
        JsonObject pod, JsonObject node, IReadOnlyCollection<JsonObject> others, IReadOnlyCollection<JsonObject> choosy, Func<string, JsonObject?> namespaceOf)
    {
        foreach (var other in choosy)
        {
            if (Terms(other, "podAntiAffinity", node).Any(t => Matches(t, other, pod, namespaceOf)))
            {
                return "node(s) didn't satisfy existing pods anti-affinity rules";
            }
        }

        foreach (var term in pod.At("spec", "affinity", "podAffinity", Required).Objects())
        {
            // The first of a group that wants to be together may be alone.
            if (node.Label(term.Text("topologyKey") ?? "") is null
                || (!others.Any(o => Matches(term, pod, o, namespaceOf)) && !Matches(term, pod, pod, namespaceOf)))
            {
                return "node(s) didn't match pod affinity rules";
            }
        }

        return Terms(pod, "podAntiAffinity", node).Any(t => others.Any(o => Matches(t, pod, o, namespaceOf)))
            ? "node(s) didn't match pod anti-affinity rules"
            : null;
    }

    private static IEnumerable<JsonObject> Terms(JsonObject pod, string kind, JsonObject node) =>
        pod.At("spec", "affinity", kind, Required).Objects().Where(t => node.Label(t.Text("topologyKey") ?? "") is not null);

    private static bool Matches(JsonObject term, JsonObject holder, JsonObject pod, Func<string, JsonObject?> namespaceOf)
    {
        if (term["labelSelector"] is not JsonObject selector || !LabelSelector.FromObject(selector).Matches(pod))
        {
            return false;
        }

        var names = term["namespaces"].Items().Select(n => n.AsText()).ToList();
        if (term["namespaceSelector"] is JsonObject namespaces)
        {
            return names.Contains(pod.Namespace, StringComparer.Ordinal)
                || (namespaceOf(pod.Namespace ?? "") is { } ns && LabelSelector.FromObject(namespaces).Matches(ns));
        }

        return names.Count == 0 ? pod.Namespace == holder.Namespace : names.Contains(pod.Namespace, StringComparer.Ordinal);
    }
}
