using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>What a pod asks of a node. Source: kube's resource helpers (PodRequests).</summary>
internal static class PodRequests
{
    /// <summary>
    /// The sum of the containers and of the init containers that keep running, or the largest init container where that is more, and the overhead.
    /// </summary>
    public static Dictionary<string, Quantity> Of(JsonObject pod) => Sum(pod, "requests", Requests);

    /// <summary>What a pod may use at most, reckoned alike, of the containers that have a limit.</summary>
    public static Dictionary<string, Quantity> LimitsOf(JsonObject pod) => Sum(pod, "limits", container => Read(container, "limits"));

    private static Dictionary<string, Quantity> Sum(JsonObject pod, string part, Func<JsonObject, Dictionary<string, Quantity>> amountsOf)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in pod.At("spec", "containers").Objects())
        {
            Amounts.Add(total, amountsOf(container));
        }

        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var peak = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in pod.At("spec", "initContainers").Objects())
        {
            var requests = amountsOf(container);
            if (container.Text("restartPolicy") == "Always")
            {
                Amounts.Add(sidecars, requests);
                Amounts.Max(peak, sidecars);
            }
            else
            {
                Amounts.Add(requests, sidecars);
                Amounts.Max(peak, requests);
            }
        }

        Amounts.Add(total, sidecars);
        Amounts.Max(total, peak);
        foreach (var (name, value) in pod.At("spec", "resources", part) as JsonObject ?? [])
        {
            total[name] = value.AsQuantity() ?? Quantity.Zero;
        }

        foreach (var (name, value) in pod.At("spec", "overhead") as JsonObject ?? [])
        {
            total[name] = total.GetValueOrDefault(name) + (value.AsQuantity() ?? Quantity.Zero);
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

    private static Dictionary<string, Quantity> Requests(JsonObject container) => Read(container, "limits", "requests");

    private static Dictionary<string, Quantity> Read(JsonObject container, params ReadOnlySpan<string> parts)
    {
        var requests = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            foreach (var (name, value) in container.At("resources", part) as JsonObject ?? [])
            {
                requests[name] = value.AsQuantity() ?? Quantity.Zero;
            }
        }

        return requests;
    }
}
