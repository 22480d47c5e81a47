using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Endpoints;

/// <summary>Where a Service's ports lead in one pod.</summary>
internal static class ServicePorts
{
    /// <summary>The ports that the pod has; one that names a container port the pod lacks is left out.</summary>
    public static List<EndpointPort> In(JsonObject pod, JsonObject service)
    {
        var ports = new List<EndpointPort>();
        foreach (var port in service.At("spec", "ports").Objects())
        {
            var protocol = port.Text("protocol") ?? "TCP";
            if (Number(pod, port["targetPort"] ?? port["port"], protocol) is { } number)
            {
                ports.Add(new(port.Text("name") ?? "", number, protocol, port.Text("appProtocol")));
            }
        }

        return [.. ports.OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Number)];
    }

    private static long? Number(JsonObject pod, JsonNode? target, string protocol)
    {
        if (target.AsLong() is { } number)
        {
            return number > 0 ? number : null;
        }

        var sidecars = pod.At("spec", "initContainers").Objects().Where(c => c.Text("restartPolicy") == "Always");
        return pod.At("spec", "containers").Objects().Concat(sidecars)
            .SelectMany(c => c["ports"].Objects())
            .FirstOrDefault(p => p.Text("name") == target.AsText() && (p.Text("protocol") ?? "TCP") == protocol)?["containerPort"].AsLong();
    }
}

internal sealed record EndpointPort(string Name, long Number, string Protocol, string? AppProtocol);
