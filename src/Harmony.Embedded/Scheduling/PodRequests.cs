using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>What a pod asks of a node. Source: kube's resource helpers (PodRequests).</summary>
internal static class PodRequests
{
    /// <summary>
    /// The sum of the containers and of the init containers that keep running, or the largest init container where that is more, and the overhead.
    /// </summary>
    public static Dictionary<string, decimal> Of(JsonObject pod)
    {
        var total = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in pod.At("spec", "containers").Objects())
        {
            Add(total, Requests(container));
        }

        var sidecars = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var peak = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in pod.At("spec", "initContainers").Objects())
        {
            var requests = Requests(container);
            if (container.Text("restartPolicy") == "Always")
            {
                Add(sidecars, requests);
                Max(peak, sidecars);
            }
            else
            {
                Add(requests, sidecars);
                Max(peak, requests);
            }
        }

        Add(total, sidecars);
        Max(total, peak);
        foreach (var (name, value) in pod.At("spec", "resources", "requests") as JsonObject ?? [])
        {
            total[name] = Quantity.Of(value);
        }

        foreach (var (name, value) in pod.At("spec", "overhead") as JsonObject ?? [])
        {
            total[name] = total.GetValueOrDefault(name) + Quantity.Of(value);
        }

        return total;
    }

    /// <summary>The ports of the node that it wants for itself.</summary>
    public static IEnumerable<(string Protocol, string Ip, long Port)> HostPorts(JsonObject pod)
    {
        var hostNetwork = pod.At("spec", "hostNetwork").AsBool() == true;
        foreach (var container in pod.At("spec", "containers").Objects().Concat(
            pod.At("spec", "initContainers").Objects().Where(c => c.Text("restartPolicy") == "Always")))
        {
            foreach (var port in container["ports"].Objects())
            {
                var number = port["hostPort"].AsLong() ?? (hostNetwork ? port["containerPort"].AsLong() : null) ?? 0;
                if (number > 0)
                {
                    yield return (port.Text("protocol") ?? "TCP", port.Text("hostIP") is { Length: > 0 } ip ? ip : "0.0.0.0", number);
                }
            }
        }
    }

    /// <summary>The claims that it mounts, with those made for it alone (<c>{pod}-{volume}</c>).</summary>
    public static IEnumerable<string> Claims(JsonObject pod)
    {
        foreach (var volume in pod.At("spec", "volumes").Objects())
        {
            if (volume.At("persistentVolumeClaim", "claimName").AsText() is { } name)
            {
                yield return name;
            }
            else if (volume["ephemeral"] is JsonObject)
            {
                yield return $"{pod.Name}-{volume.Text("name")}";
            }
        }
    }

    private static Dictionary<string, decimal> Requests(JsonObject container)
    {
        var requests = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var part in (ReadOnlySpan<string>)["limits", "requests"])
        {
            foreach (var (name, value) in container.At("resources", part) as JsonObject ?? [])
            {
                requests[name] = Quantity.Of(value);
            }
        }

        return requests;
    }

    private static void Add(Dictionary<string, decimal> to, Dictionary<string, decimal> what)
    {
        foreach (var (name, value) in what)
        {
            var has = to.GetValueOrDefault(name);
            to[name] = has > decimal.MaxValue - Math.Max(0, value) ? decimal.MaxValue : has + value;
        }
    }

    private static void Max(Dictionary<string, decimal> to, Dictionary<string, decimal> what)
    {
        foreach (var (name, value) in what)
        {
            to[name] = Math.Max(to.GetValueOrDefault(name), value);
        }
    }
}
