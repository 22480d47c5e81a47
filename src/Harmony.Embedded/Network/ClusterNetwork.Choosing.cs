using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Native;
using Harmony.Embedded.Network.Linux;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network;

public sealed partial record ClusterNetwork
{
    /// <summary>The range of a bridged instance, half for pods and half for Services: 4,096 addresses each.</summary>
    private const int BridgedPrefix = 19;

    /// <summary>The range of an instance on loopback: 1,024 addresses each.</summary>
    private const int LoopbackPrefix = 21;

    /// <summary>
    /// The network of a data folder: the one kept in its <c>network.json</c>, else a new one whose ranges meet no address and no route of this
    /// machine and no other embedded runtime. On Linux as root this makes the bridge already, for only trying tells whether it can be made.
    /// </summary>
    /// <exception cref="NetworkException">No range is free, or the machine refuses.</exception>
    public static async Task<ClusterNetwork> ChooseAsync(string dataFolder, ILogger log, CancellationToken cancellation)
    {
        var file = Path.Combine(dataFolder, "network.json");
        var kept = Read(file, log);
        var instance = Instance.Of(dataFolder);
        if (NetworkPrivileges.Missing() is { } missing)
        {
            if (kept is { Bridged: true })
            {
                throw new NetworkException(
                    NetworkError.NotPermitted,
                    $"The cluster in {dataFolder} has its pods behind a bridge, but {missing}",
                    "Run harmony as root, as when this cluster was made, or with another HARMONY_HOME.");
            }

            return kept ?? Keep(file, OnLoopback(instance));
        }

        using var held = await RangeRegistry.LockAsync(cancellation);
        using var routes = new RouteTable();
        if (kept is { Bridged: true })
        {
            if (RangeRegistry.TryTake(instance, dataFolder, Whole(kept.PodRange)) && TryMakeBridge(routes, instance, kept, log))
            {
                return kept;
            }

            log.LogWarning("The ranges {Pods} and {Services} of {Folder} are now another runtime's: choosing new ones", kept.PodRange, kept.ServiceRange, dataFolder);
        }

        var chosen = Bridge(RangeRegistry.TakeFree(instance, dataFolder, routes, BridgedPrefix));
        return Keep(file, TryMakeBridge(routes, instance, chosen, log) ? chosen : kept ?? OnLoopback(instance));
    }

    /// <summary>A bridged network on this range.</summary>
    internal static ClusterNetwork Bridge(IPNetwork range) => On(range, bridged: true);

    /// <summary>
    /// A network on loopback addresses, which need no privilege on Linux and Windows. macOS has 127.0.0.1 alone: there all pods share it, and the
    /// second that wants a port finds it taken.
    /// </summary>
    internal static ClusterNetwork OnLoopback(Instance instance)
    {
        // 127.1.0.0 to 127.254.255.255: 8,128 places, so that two instances meet as rarely as two strangers do.
        var place = instance.Number % (254 * 32);
        var range = new IPNetwork(Ranges.Address((127u << 24) + (1u << 16) + (place << 11)), LoopbackPrefix);
        var network = On(range, bridged: false);
        return OperatingSystem.IsMacOS()
            ? network with { PodRange = new IPNetwork(IPAddress.Loopback, 32), NodeAddress = IPAddress.Loopback }
            : network;
    }

    private static ClusterNetwork On(IPNetwork range, bool bridged)
    {
        var pods = new IPNetwork(range.BaseAddress, range.PrefixLength + 1);
        var services = new IPNetwork(range.At(range.Size() / 2), range.PrefixLength + 1);
        return new()
        {
            PodRange = pods,
            ServiceRange = services,
            NodeAddress = pods.At(1),
            ApiAddress = services.At(1),
            DnsAddress = services.At(10),
            Bridged = bridged,
        };
    }

    private static IPNetwork Whole(IPNetwork pods) => Ranges.Around(pods.BaseAddress, pods.PrefixLength - 1);

    private static bool TryMakeBridge(RouteTable routes, Instance instance, ClusterNetwork network, ILogger log)
    {
        var uplink = routes.Routes().FirstOrDefault(r => r.Destination.PrefixLength == 0 && r.Table == RouteTable.MainTable);
        var mtu = uplink is null ? 1500 : routes.Links().FirstOrDefault(l => l.Index == uplink.Index)?.Mtu ?? 1500;
        var errno = routes.TryAddBridge(instance.Bridge, Instance.Mac(network.NodeAddress), mtu);
        if (errno is 0 or Libc.Exists)
        {
            return true;
        }

        log.LogWarning("No bridge can be made on this machine, so pods stay on loopback addresses and containers cannot run: {Reason}", NetworkException.Of($"make the bridge {instance.Bridge}", errno).Message);
        return false;
    }

    private static ClusterNetwork? Read(string file, ILogger log)
    {
        try
        {
            var tree = Disk.ReadTextIfPresent(file) is { } text ? JsonNode.Parse(text, documentOptions: new() { MaxDepth = 4 }) : null;
            if (tree is null)
            {
                return null;
            }

            return new()
            {
                PodRange = IPNetwork.Parse(tree.At("podRange").AsText() ?? ""),
                ServiceRange = IPNetwork.Parse(tree.At("serviceRange").AsText() ?? ""),
                NodeAddress = IPAddress.Parse(tree.At("nodeAddress").AsText() ?? ""),
                ApiAddress = IPAddress.Parse(tree.At("apiAddress").AsText() ?? ""),
                DnsAddress = IPAddress.Parse(tree.At("dnsAddress").AsText() ?? ""),
                Bridged = tree.At("bridged").AsBool() ?? throw new FormatException("bridged is missing"),
            };
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            log.LogWarning("{File} is damaged ({Reason}): choosing the cluster's ranges again", file, e.Message);
            return null;
        }
    }

    private static ClusterNetwork Keep(string file, ClusterNetwork network)
    {
        var tree = new JsonObject
        {
            ["podRange"] = network.PodRange.ToString(),
            ["serviceRange"] = network.ServiceRange.ToString(),
            ["nodeAddress"] = network.NodeAddress.ToString(),
            ["apiAddress"] = network.ApiAddress.ToString(),
            ["dnsAddress"] = network.DnsAddress.ToString(),
            ["bridged"] = network.Bridged,
        };
        Disk.WriteAtomically(file, tree.ToJsonString() + "\n");
        return network;
    }
}
