using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Network.Services;

/// <summary>What traffic and names need to know of a discovery.k8s.io/v1 EndpointSlice.</summary>
internal sealed record SliceRecord(string Namespace, string Name, string Service)
{
    public IReadOnlyList<SlicePort> Ports { get; init; } = [];

    public IReadOnlyList<SliceEndpoint> Endpoints { get; init; } = [];

    public string Key => $"{Namespace}/{Name}";

    /// <summary><c>namespace/name</c> of its Service.</summary>
    public string ServiceKey => $"{Namespace}/{Service}";

    /// <summary>Null for slices of no Service and of other address families.</summary>
    public static SliceRecord? Of(JsonObject slice) =>
        slice.Label("kubernetes.io/service-name") is not { Length: > 0 } service || slice.Text("addressType") is not (null or "IPv4")
            ? null
            : new(slice.Namespace ?? "", slice.Name, service)
            {
                Ports = [.. slice["ports"].Objects().Select(p => new SlicePort(p.Text("name") ?? "", ServiceRecord.Protocol(p.Text("protocol")), p["port"].AsInt() ?? 0))],
                Endpoints = [.. slice["endpoints"].Objects().Select(SliceEndpoint.Of).OfType<SliceEndpoint>()],
            };
}

/// <param name="Name">Empty where it has none.</param>
internal sealed record SlicePort(string Name, ProtocolType? Protocol, int Port);

/// <param name="HostName">The endpoint's own name beneath its Service's; null where it has none.</param>
internal sealed record SliceEndpoint(IPAddress Address, bool Ready, bool ServingTerminating, string? HostName)
{
    public static SliceEndpoint? Of(JsonObject endpoint)
    {
        // All addresses of one endpoint are the same pod's: any serves.
        if (endpoint["addresses"].Items().Select(a => ServiceRecord.Address(a.AsText())).FirstOrDefault(a => a is not null) is not { } address)
        {
            return null;
        }

        // Unknown readiness counts as ready, and serving follows readiness, as the API says.
        var ready = endpoint.At("conditions", "ready").AsBool() ?? true;
        var serving = endpoint.At("conditions", "serving").AsBool() ?? ready;
        var terminating = endpoint.At("conditions", "terminating").AsBool() ?? false;
        return new(address, ready, serving && terminating, endpoint.Text("hostname"));
    }
}
