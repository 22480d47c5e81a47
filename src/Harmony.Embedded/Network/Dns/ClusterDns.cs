using System.Net.Sockets;
using Harmony.Embedded.Api;
using Harmony.Embedded.Network.Services;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.Dns;

/// <summary>
/// The cluster's DNS server, at the address that pods have in their <c>resolv.conf</c>. On loopback, where port 53 needs privileges, it may not come
/// to be: pods inside this process ask the machine's own resolver then.
/// </summary>
public sealed class ClusterDns(IClusterClient cluster, EmbeddedNetwork network, TimeProvider time, ILogger log) : IEmbeddedService
{
    private const int Port = 53;

    public string Name => "cluster DNS";

    public async Task RunAsync(CancellationToken cancellation)
    {
        Socket udp;
        Socket tcp;
        try
        {
            udp = network.Sockets.Bind(new(network.Cluster.DnsAddress, Port), ProtocolType.Udp);
            tcp = network.Sockets.Bind(new(network.Cluster.DnsAddress, Port), ProtocolType.Tcp);
        }
        catch (SocketException e) when (!network.Cluster.Bridged)
        {
            log.LogInformation("No cluster DNS on this machine: port 53 of {Address} cannot be bound ({Reason})", network.Cluster.DnsAddress, e.Message);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using (udp)
        using (tcp)
        {
            var records = new ClusterRecords(network.Cluster);
            var server = new DnsServer(records, new(new HostResolvers(network.Cluster.DnsAddress, time).Current, time));
            Task[] parts =
            [
                WatchServicesAsync(records, ending.Token),
                WatchSlicesAsync(records, ending.Token),
                server.ServeUdpAsync(udp, ending.Token),
                server.ServeTcpAsync(tcp, ending.Token),
            ];
            try
            {
                await await Task.WhenAny(parts);
            }
            finally
            {
                await ending.CancelAsync();
                await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WatchServicesAsync(ClusterRecords records, CancellationToken cancellation)
    {
        await foreach (var change in cluster.WatchAsync(BuiltInResources.Services, cancellation))
        {
            var service = ServiceRecord.Of(change.Object);
            if (change.Type is WatchEventType.Deleted)
            {
                records.Remove(service);
            }
            else
            {
                records.Put(service);
            }
        }
    }

    private async Task WatchSlicesAsync(ClusterRecords records, CancellationToken cancellation)
    {
        await foreach (var change in cluster.WatchAsync(BuiltInResources.EndpointSlices, cancellation))
        {
            if (change.Type is not WatchEventType.Deleted && SliceRecord.Of(change.Object) is { } slice)
            {
                records.Put(slice);
            }
            else
            {
                records.RemoveSlice($"{change.Object.Namespace}/{change.Object.Name}");
            }
        }
    }
}
