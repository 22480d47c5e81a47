using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Linux;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network;

public sealed class EmbeddedNetworkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_runtimes_on_one_machine_do_not_meet()
    {
        await using var one = await TestNetwork.OpenAsync();
        await using var other = await TestNetwork.OpenAsync();
        var mine = await one.Pods.AttachAsync("pod", Cancellation);
        var theirs = await other.Pods.AttachAsync("pod", Cancellation);
        using var first = await TestNetwork.ServeAsync(mine, mine.Address, 80, "mine");
        using var second = await TestNetwork.ServeAsync(theirs, theirs.Address, 80, "theirs");

        one.Cluster.PodRange.Contains(other.Cluster.PodRange.BaseAddress).ShouldBeFalse();
        (await TestNetwork.ReadLineAsync(null, mine.Address, 80)).ShouldBe("mine");
        (await TestNetwork.ReadLineAsync(null, theirs.Address, 80)).ShouldBe("theirs");
    }

    [Fact]
    public async Task A_service_address_answers_host_and_pods_although_a_program_of_the_host_listens_on_all_addresses()
    {
        await using var network = await TestNetwork.OpenAsync();
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        using var greedy = new TcpListener(IPAddress.Any, 0);
        greedy.Start();
        var port = ((IPEndPoint)greedy.LocalEndpoint).Port;
        using var listener = network.Opened.Sockets.Bind(new(network.Cluster.DnsAddress, port), ProtocolType.Tcp);
        TestNetwork.Greet(listener, "service");

        (await TestNetwork.ReadLineAsync(null, network.Cluster.DnsAddress, port)).ShouldBe("service");
        (await TestNetwork.ReadLineAsync(pod, network.Cluster.DnsAddress, port)).ShouldBe("service");
    }

    [Fact]
    public async Task A_service_port_where_nobody_listens_refuses_at_once()
    {
        await using var network = await TestNetwork.OpenAsync();
        var pod = await network.Pods.AttachAsync("pod", Cancellation);

        (await Should.ThrowAsync<SocketException>(() => TestNetwork.ReadLineAsync(pod, network.Cluster.DnsAddress, 81))).SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
        (await Should.ThrowAsync<SocketException>(() => TestNetwork.ReadLineAsync(null, network.Cluster.DnsAddress, 81))).SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task What_a_runtime_left_whose_folder_is_gone_is_swept()
    {
        TestNetwork.SkipUnlessPrivileged();
        var gone = await TestNetwork.OpenAsync();
        var pod = await gone.Pods.AttachAsync("pod", Cancellation);
        await gone.Opened.DisposeAsync();
        Directory.Delete(gone.Folder, recursive: true);

        await EmbeddedNetwork.CleanOrphansAsync(gone.Commands, NullLogger.Instance, Cancellation);

        using var routes = new RouteTable();
        routes.FindLink(gone.Instance.Bridge).ShouldBeNull();
        NetworkNamespace.Exists(pod.NetworkNamespace!).ShouldBeFalse();
        Directory.Exists(gone.Instance.Folder).ShouldBeFalse();
    }

    [Fact]
    public async Task No_thread_of_this_process_stays_in_a_pods_network()
    {
        await using var network = await TestNetwork.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            var pod = await network.Pods.AttachAsync($"pod-{i}", Cancellation);
            using var socket = await TestNetwork.SocketIn(pod, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            using var service = network.Opened.Sockets.Bind(new(network.Cluster.DnsAddress, 1000 + i), ProtocolType.Udp);

            // Makes the pool grow right after somebody was inside.
            await Task.Run(() => SpinWait.SpinUntil(() => false, 5), Cancellation);
        }));

        // Other tests have threads inside for moments of their own.
        var home = new FileInfo("/proc/self/ns/net").LinkTarget;
        await Services.ServiceProxyTests.Until(() => Directory.GetDirectories("/proc/self/task").All(t => Link(Path.Combine(t, "ns/net")) is var link && (link is null || link == home)));

        static string? Link(string path)
        {
            try
            {
                return new FileInfo(path).LinkTarget;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }
}
