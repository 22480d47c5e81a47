using System.Text.Json.Nodes;
using Harmony.Embedded.Scheduling;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Quotas;

/// <summary>What one object uses of a quota, by the names that quotas have for it. Source: kube's pkg/quota/v1/evaluator.</summary>
internal static class QuotaUsage
{
    /// <summary>Kinds that are counted by their plural alone, besides <c>count/…</c>.</summary>
    private static readonly HashSet<string> Counted = new(StringComparer.Ordinal)
    {
        "configmaps", "secrets", "replicationcontrollers", "resourcequotas", "services", "persistentvolumeclaims",
    };

    private static readonly string[] Demanded = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

    public static Dictionary<string, Quantity> Of(ApiResource resource, JsonObject obj, DateTimeOffset now)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [$"count/{resource.Name}"] = Quantity.Of(1) };
        if (resource == BuiltInResources.Pods)
        {
            AddPod(usage, obj, now);
            return usage;
        }

        if (Counted.Contains(resource.Name))
        {
            usage[resource.Name] = Quantity.Of(1);
        }

        if (resource == BuiltInResources.Services)
        {
            AddService(usage, obj);
        }
        else if (resource == BuiltInResources.PersistentVolumeClaims)
        {
            AddClaim(usage, obj);
        }

        return usage;
    }

    /// <summary>What of a quota's hard amounts the containers of a pod must name: <c>limits.memory for: app,web; requests.cpu for: app</c>; null for nothing.</summary>
    public static string? Missing(JsonObject pod, IEnumerable<string> hard)
    {
        if (pod.At("spec", "resources") is JsonObject { Count: > 0 })
        {
            return null;
        }

        var missing = hard.Where(Demanded.Contains).Order(StringComparer.Ordinal)
            .Select(h => (Name: h, Containers: pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()).Where(c => !Names(c, h)).Select(c => c.Text("name")).ToList()))
            .Where(m => m.Containers.Count > 0).Select(m => $"{m.Name} for: {string.Join(',', m.Containers)}").ToList();
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }

    private static bool Names(JsonObject container, string hard)
    {
        var (part, name) = hard.Split('.') is [var before, var after] ? (before, after) : ("requests", hard);
        return container.At("resources", part, name) is not null;
    }

    private static void AddPod(Dictionary<string, Quantity> usage, JsonObject pod, DateTimeOffset now)
    {
        // A pod that should have been gone by now, on a node that does not say so, uses nothing; nor does one that has ended.
        var overdue = pod.Metadata["deletionTimestamp"].AsTime() is { } deleted && deleted <= now && pod.At("metadata", "deletionGracePeriodSeconds").AsLong() > 0;
        if (pod.At("status", "phase").AsText() is "Succeeded" or "Failed" || overdue)
        {
            return;
        }

        usage["pods"] = Quantity.Of(1);
        foreach (var (name, value) in PodRequests.Of(pod))
        {
            usage["requests." + name] = value;
            if (name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal))
            {
                usage[name] = value;
            }
        }

        foreach (var (name, value) in PodRequests.LimitsOf(pod))
        {
            usage["limits." + name] = value;
        }
    }

    private static void AddService(Dictionary<string, Quantity> usage, JsonObject service)
    {
        var ports = service.At("spec", "ports").Objects().Count();
        switch (service.At("spec", "type").AsText())
        {
            case "NodePort":
                usage["services.nodeports"] = Quantity.Of(ports);
                break;
            case "LoadBalancer":
                usage["services.loadbalancers"] = Quantity.Of(1);
                if (service.At("spec", "allocateLoadBalancerNodePorts").AsBool() != false)
                {
                    usage["services.nodeports"] = Quantity.Of(ports);
                }

                break;
        }
    }

    private static void AddClaim(Dictionary<string, Quantity> usage, JsonObject claim)
    {
        var storage = claim.At("spec", "resources", "requests", "storage").AsQuantity() ?? Quantity.Zero;
        usage["requests.storage"] = storage;
        if (claim.At("spec", "storageClassName").AsText() is { Length: > 0 } name)
        {
            usage[$"{name}.storageclass.storage.k8s.io/requests.storage"] = storage;
            usage[$"{name}.storageclass.storage.k8s.io/persistentvolumeclaims"] = Quantity.Of(1);
        }
    }
}
