using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>Admission by PriorityClass: a pod gets its class' value and preemption policy.</summary>
internal static class PodPriority
{
    public static void Fill(JsonObject pod, JsonObject spec, ClusterState cluster)
    {
        long value = 0;
        var preemption = "PreemptLowerPriority";
        StoredObject? found;
        if (spec.Text("priorityClassName") is { Length: > 0 } name)
        {
            found = cluster.Find(BuiltInResources.PriorityClasses, null, name)
                ?? throw ApiErrors.Forbidden(BuiltInResources.Pods, pod.Name, $"no PriorityClass with name {name} was found");
        }
        else
        {
            found = cluster.List(BuiltInResources.PriorityClasses)
                .Where(c => c.Json.TryGetProperty("globalDefault", out var flag) && flag.ValueKind == JsonValueKind.True)
                .MinBy(c => c.ToTree()["value"].AsLong());
            if (found is not null)
            {
                spec["priorityClassName"] = found.Key.Name;
            }
        }

        if (found?.ToTree() is { } priority)
        {
            value = priority["value"].AsLong() ?? 0;
            preemption = priority.Text("preemptionPolicy") ?? preemption;
        }

        spec["priority"] = value;
        spec["preemptionPolicy"] = preemption;
    }
}
