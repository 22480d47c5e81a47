using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>Admission by RuntimeClass: it must exist, and its overhead and node selection become the pod's.</summary>
internal static class PodRuntimeClass
{
    public static void Fill(JsonObject pod, JsonObject spec, ClusterState cluster)
    {
        if (spec.Text("runtimeClassName") is not { Length: > 0 } name)
        {
            return;
        }

        var runtime = cluster.Find(BuiltInResources.RuntimeClasses, null, name)?.ToTree()
            ?? throw ApiErrors.Forbidden(BuiltInResources.Pods, pod.Name, $"pod rejected: RuntimeClass \"{name}\" not found");
        if (runtime.At("overhead", "podFixed") is { } overhead)
        {
            spec["overhead"] = overhead.DeepClone();
        }

        foreach (var (key, value) in runtime.At("scheduling", "nodeSelector").AsTextMap())
        {
            if (spec.Child("nodeSelector").Text(key) is { } own && own != value)
            {
                throw ApiErrors.Forbidden(BuiltInResources.Pods, pod.Name, "conflict: runtimeClass.Scheduling.NodeSelector conflicts with pod.Spec.NodeSelector");
            }

            spec.Child("nodeSelector")[key] = value;
        }

        foreach (var toleration in runtime.At("scheduling", "tolerations").Objects())
        {
            if (!spec["tolerations"].Objects().Any(t => JsonNode.DeepEquals(t, toleration)))
            {
                spec.List("tolerations").Add(toleration.DeepClone());
            }
        }
    }
}
