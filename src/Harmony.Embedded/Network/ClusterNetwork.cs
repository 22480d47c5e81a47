using System.Net;

namespace Harmony.Embedded.Network;

/// <summary>
/// The addresses of one embedded cluster, chosen once when its data folder is new and kept there.
/// With privileges on Linux, pods sit behind a bridge; without, everything is on loopback addresses (127.0.0.0/8).
/// </summary>
public sealed partial record ClusterNetwork
{
    /// <summary>Where pods get their addresses.</summary>
    public required IPNetwork PodRange { get; init; }

    /// <summary>Where Services get their cluster IPs. The first address is the API's (<c>kubernetes.default</c>), the tenth the DNS server's.</summary>
    public required IPNetwork ServiceRange { get; init; }

    /// <summary>The node's address: the bridge's own, as pods see the host.</summary>
    public required IPAddress NodeAddress { get; init; }

    /// <summary>The API's Service address.</summary>
    public required IPAddress ApiAddress { get; init; }

    /// <summary>The cluster DNS' Service address.</summary>
    public required IPAddress DnsAddress { get; init; }

    /// <summary>Whether pods have network namespaces of their own behind a bridge; false where all is on loopback.</summary>
    public required bool Bridged { get; init; }

    /// <summary>The cluster's domain.</summary>
    public string Domain { get; init; } = "cluster.local";
}
