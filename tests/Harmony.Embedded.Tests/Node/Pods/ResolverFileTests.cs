using System.Net;
using System.Text.Json.Nodes;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node.Pods;

namespace Harmony.Embedded.Tests.Node.Pods;

public sealed class ResolverFileTests
{
    private const string Host = "# comment\nnameserver 192.0.2.1\nsearch corp.example\noptions edns0\n";

    private static readonly ClusterNetwork Network = new()
    {
        PodRange = IPNetwork.Parse("10.99.0.0/16"),
        ServiceRange = IPNetwork.Parse("10.98.0.0/16"),
        NodeAddress = IPAddress.Loopback,
        ApiAddress = IPAddress.Parse("10.98.0.1"),
        DnsAddress = IPAddress.Parse("10.98.0.10"),
        Bridged = true,
    };

    [Fact]
    public void A_pod_asks_the_clusters_DNS_first() => Of("{}").ShouldBe(
        "search shop.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.98.0.10\noptions ndots:5\n");

    [Fact]
    public void A_pod_on_the_hosts_network_asks_the_hosts_resolver() =>
        Of("""{"hostNetwork":true}""").ShouldBe("search corp.example\nnameserver 192.0.2.1\n");

    [Fact]
    public void A_resolver_on_the_hosts_loopback_is_replaced_by_the_clusters() =>
        Of("""{"dnsPolicy":"Default"}""", "nameserver 127.0.0.1\n").ShouldBe("nameserver 10.98.0.10\n");

    [Fact]
    public void The_pods_own_settings_are_all_there_is_where_it_says_so() => Of("""
        {"dnsPolicy":"None","dnsConfig":{"nameservers":["1.1.1.1"],"searches":["a.example"],"options":[{"name":"ndots","value":"2"},{"name":"rotate"}]}}
        """).ShouldBe("search a.example\nnameserver 1.1.1.1\noptions ndots:2 rotate\n");

    private static string Of(string spec, string host = Host) => ResolverFile.Of(
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = "shop" }, ["spec"] = JsonNode.Parse(spec) }, Network, host);
}
