using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;

namespace Harmony.Orchestration.Access;

/// <summary>
/// Decides which ports a project publishes: every port of a LoadBalancer Service under its own number, every NodePort under its node port, and what the
/// user asks for. UDP and SCTP are not published: the Kubernetes API forwards TCP only.
/// </summary>
public static class PortPlan
{
    /// <param name="services">The project's Services as the cluster has them.</param>
    /// <exception cref="LaunchException">A requested Service is not there, or has no such port.</exception>
    public static IReadOnlyList<PublishedPort> Of(IReadOnlyList<JsonObject> services, IReadOnlyList<PortRequest> requests, string ns)
    {
        var ports = new List<PublishedPort>();
        foreach (var request in requests)
        {
            var service = services.FirstOrDefault(s => s.Name == request.Service)
                ?? throw new LaunchException(LaunchError.ServiceNotFound, $"The project has no Service {request.Service} to publish.", Known(services));
            var port = service.At("spec", "ports").Objects().FirstOrDefault(p => p["port"].AsInt() == request.ServicePort)
                ?? throw new LaunchException(LaunchError.ServiceNotFound, $"The Service {request.Service} has no port {request.ServicePort}.", Known(services));
            ports.Add(Published(service, port, request.LocalPort ?? request.ServicePort, ns));
        }

        foreach (var service in services)
        {
            foreach (var port in service.At("spec", "ports").Objects().Where(p => (p.Text("protocol") ?? "TCP") == "TCP"))
            {
                var local = service.At("spec", "type").AsText() switch
                {
                    "LoadBalancer" => port["port"].AsInt(),
                    "NodePort" => port["nodePort"].AsInt(),
                    _ => null,
                };
                if (local is { } number && !ports.Exists(p => p.Service == service.Name && p.Namespace == (service.Namespace ?? ns) && p.ServicePort == port["port"].AsInt()))
                {
                    ports.Add(Published(service, port, number, ns));
                }
            }
        }

        return ports;
    }

    private static PublishedPort Published(JsonObject service, JsonObject port, int local, string ns) =>
        new(service.Namespace ?? ns, service.Name, port["port"].AsInt() ?? 0, local) { Protocol = port.Text("appProtocol") ?? port.Text("name") };

    private static string Known(IReadOnlyList<JsonObject> services) => services.Count == 0
        ? "The project has no Services."
        : $"It has {string.Join(", ", services.SelectMany(s => s.At("spec", "ports").Objects().Select(p => $"{s.Name}:{p["port"].AsInt()}")))}.";
}
