using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

/// <summary>The name of the workload that a pod belongs to, read from the pod alone.</summary>
public static class WorkloadName
{
    /// <summary><c>web</c> for a pod of Deployment <c>web</c>: the owner's name, without the hash that a ReplicaSet's name ends with.</summary>
    public static string Of(JsonObject pod)
    {
        if (pod.Controller is not { } owner || owner.Text("name") is not { } name)
        {
            return pod.Name;
        }

        return owner.Text("kind") == "ReplicaSet" && pod.Label("pod-template-hash") is { } hash && name.EndsWith($"-{hash}", StringComparison.Ordinal)
            ? name[..^(hash.Length + 1)]
            : name;
    }

    /// <summary>Whether <c>web</c>, <c>deployment/web</c> or the pod's own name mean this pod.</summary>
    public static bool Matches(JsonObject pod, string wanted)
    {
        var slash = wanted.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return pod.Name == wanted || Of(pod) == wanted;
        }

        var (kind, name) = (wanted[..slash], wanted[(slash + 1)..]);
        return kind.ToLowerInvariant() switch
        {
            "pod" or "pods" or "po" => pod.Name == name,
            "deployment" or "deployments" or "deploy" => Of(pod) == name && pod.Controller?.Text("kind") == "ReplicaSet",
            var other => Of(pod) == name && pod.Controller?.Text("kind") is { } owner && (owner.Equals(other, StringComparison.OrdinalIgnoreCase) || $"{owner}s".Equals(other, StringComparison.OrdinalIgnoreCase) || other == "sts" && owner == "StatefulSet" || other == "ds" && owner == "DaemonSet"),
        };
    }
}
