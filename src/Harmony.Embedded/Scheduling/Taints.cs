using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Whether a pod may run in spite of a node's taints.</summary>
internal static class Taints
{
    /// <summary>The first taint that keeps the pod away; null where none does.</summary>
    public static JsonObject? Untolerated(JsonObject pod, JsonObject node)
    {
        var tolerations = pod.At("spec", "tolerations").Objects().ToList();
        return node.At("spec", "taints").Objects().FirstOrDefault(taint =>
            taint.Text("effect") is "NoSchedule" or "NoExecute" && !tolerations.Exists(t => Tolerates(t, taint)));
    }

    private static bool Tolerates(JsonObject toleration, JsonObject taint)
    {
        if (toleration.Text("effect") is { Length: > 0 } effect && effect != taint.Text("effect"))
        {
            return false;
        }

        if (toleration.Text("key") is { Length: > 0 } key && key != taint.Text("key"))
        {
            return false;
        }

        return toleration.Text("operator") switch
        {
            "Exists" => true,
            null or "" or "Equal" => !string.IsNullOrEmpty(toleration.Text("key")) && (toleration.Text("value") ?? "") == (taint.Text("value") ?? ""),
            _ => false,
        };
    }
}
