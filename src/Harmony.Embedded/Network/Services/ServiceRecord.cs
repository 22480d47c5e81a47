using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Network.Services;

/// <summary>What traffic and names need to know of a v1.Service.</summary>
internal sealed record ServiceRecord(string Namespace, string Name)
{
    public required string Type { get; init; }

    /// <summary>The cluster IP; null for headless Services and ExternalName.</summary>
    public IPAddress? ClusterAddress { get; init; }

    public bool Headless { get; init; }

    public string? ExternalName { get; init; }

    public IReadOnlyList<ServicePort> Ports { get; init; } = [];

    public IReadOnlyList<IPAddress> ExternalAddresses { get; init; } = [];

    /// <summary>How long a client stays with its endpoint (<c>sessionAffinity: ClientIP</c>); null for no affinity.</summary>
    public TimeSpan? Affinity { get; init; }

    /// <summary><c>namespace/name</c>.</summary>
    public string Key => $"{Namespace}/{Name}";

    /// <summary>Whether this is <c>default/kubernetes</c>, behind which the API itself is.</summary>
    public bool IsApi => Namespace == "default" && Name == "kubernetes";

    public static ServiceRecord Of(JsonObject service)
    {
        var spec = service.Spec;
        var cluster = spec?.Text("clusterIP");
        var affine = spec?.Text("sessionAffinity") == "ClientIP";
        return new(service.Namespace ?? "", service.Name)
        {
            Type = spec?.Text("type") ?? "ClusterIP",
            ClusterAddress = Address(cluster),
            Headless = cluster == "None",
            ExternalName = spec?.Text("type") == "ExternalName" ? spec.Text("externalName") : null,
            Ports = [.. spec?["ports"].Objects().Select(ServicePort.Of) ?? []],
            ExternalAddresses = [.. spec?["externalIPs"].Items().Select(a => Address(a.AsText())).OfType<IPAddress>() ?? []],
            Affinity = affine ? TimeSpan.FromSeconds(spec.At("sessionAffinityConfig", "clientIP", "timeoutSeconds").AsInt() ?? 10800) : null,
        };
    }

    /// <summary>An IPv4 address; null for anything else.</summary>
    internal static IPAddress? Address(string? text) => IPAddress.TryParse(text, out var address) && address.AddressFamily is AddressFamily.InterNetwork ? address : null;

    /// <summary>Null for what is not carried, such as SCTP.</summary>
    internal static ProtocolType? Protocol(string? text) => text switch { null or "TCP" => ProtocolType.Tcp, "UDP" => ProtocolType.Udp, _ => null };
}

/// <summary>v1.ServicePort.</summary>
/// <param name="Name">Empty where it has none.</param>
/// <param name="NodePort">0 where it has none.</param>
internal sealed record ServicePort(string Name, ProtocolType? Protocol, int Port, int NodePort)
{
    public static ServicePort Of(JsonObject port) =>
        new(port.Text("name") ?? "", ServiceRecord.Protocol(port.Text("protocol")), port["port"].AsInt() ?? 0, port["nodePort"].AsInt() ?? 0);
}
