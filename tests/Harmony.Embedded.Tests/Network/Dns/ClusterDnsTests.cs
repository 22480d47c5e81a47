using System.Net;
using System.Net.Sockets;
using ARSoft.Tools.Net.Dns;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Dns;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using DnsServer = Harmony.Embedded.Network.Dns.DnsServer;

namespace Harmony.Embedded.Tests.Network.Dns;

public sealed class ClusterDnsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pod_resolves_services_over_datagrams_and_streams()
    {
        await using var network = await TestNetwork.OpenAsync();
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        var cluster = new WatchedCluster();
        cluster.PutService("shop", "web", $$"""{"clusterIP":"{{network.Cluster.ServiceRange.At(77)}}","ports":[{"port":80}]}""");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var dns = new ClusterDns(cluster, network.Opened, TimeProvider.System, NullLogger.Instance).RunAsync(ending.Token);

        (await OverUdpAsync(network, pod)).ShouldBe(network.Cluster.ServiceRange.At(77));
        (await OverUdpAsync(network, null)).ShouldBe(network.Cluster.ServiceRange.At(77));
        using (var socket = await TestNetwork.SocketIn(pod, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)))
        {
            await socket.ConnectAsync(network.Cluster.DnsAddress, 53, Cancellation);
            await using var stream = new NetworkStream(socket);
            await DnsServer.WriteFrameAsync(stream, DnsServerTests.Question("web.shop.svc.cluster.local", RecordType.A), Cancellation);
            DnsMessage.Parse((await DnsServer.ReadFrameAsync(stream, Cancellation))!).AnswerRecords.Count.ShouldBe(1);
        }

        await ending.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => dns);
    }

    [Fact]
    public async Task Busybox_in_a_pod_resolves_a_service()
    {
        await using var network = await TestNetwork.OpenAsync();
        Assert.SkipUnless(File.Exists("/usr/bin/nsenter") && File.Exists("/usr/bin/busybox"), "nsenter and busybox are not installed");
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        var cluster = new WatchedCluster();
        cluster.PutService("shop", "web", $$"""{"clusterIP":"{{network.Cluster.ServiceRange.At(77)}}","ports":[{"port":80}]}""");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var dns = new ClusterDns(cluster, network.Opened, TimeProvider.System, NullLogger.Instance).RunAsync(ending.Token);
        await OverUdpAsync(network, pod);

        var result = await network.Commands.TryRunAsync(
            Command.Of("nsenter", $"--net={pod.NetworkNamespace}", "busybox", "nslookup", "web.shop.svc.cluster.local", network.Cluster.DnsAddress.ToString()), Cancellation);

        result.Output.ShouldContain($"Address: {network.Cluster.ServiceRange.At(77)}");
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        await ending.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => dns);
    }

    private static async Task<IPAddress?> OverUdpAsync(TestNetwork network, PodAttachment? from)
    {
        var buffer = new byte[512];
        for (var i = 0; i < 100; i++)
        {
            using var socket = await TestNetwork.SocketIn(from, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            await socket.ConnectAsync(network.Cluster.DnsAddress, 53, Cancellation);
            try
            {
                await socket.SendAsync(DnsServerTests.Question("web.shop.svc.cluster.local", RecordType.A), Cancellation);
                var read = await socket.ReceiveAsync(buffer, Cancellation);
                if (DnsMessage.Parse(buffer[..read]).AnswerRecords.OfType<ARecord>().FirstOrDefault() is { } record)
                {
                    return record.Address;
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
            {
            }

            await Task.Delay(10, Cancellation);
        }

        return null;
    }
}
