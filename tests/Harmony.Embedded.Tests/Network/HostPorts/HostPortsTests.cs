using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Api;
using Harmony.Embedded.Network.Sockets;
using Harmony.Embedded.Tests.Network.Services;
using Harmony.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network.HostPorts;

public sealed class HostPortsTests
{
    [Fact]
    public async Task A_host_port_answers_on_the_node_and_on_localhost_until_its_pod_has_ended()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var running = Running.Of(loopback);
        var port = FreePort();
        using var server = loopback.Serve(20, 18080, "here");
        running.Put(loopback.Pod(20), "Running", $$"""{"containerPort":18080,"hostPort":{{port}}}""");

        (await RunningProxy.ReadLineAsync(null, IPAddress.Loopback, port)).ShouldBe("here");
        (await RunningProxy.ReadLineAsync(null, loopback.Network.Cluster.NodeAddress, port)).ShouldBe("here");

        running.Put(loopback.Pod(20), "Succeeded", $$"""{"containerPort":18080,"hostPort":{{port}}}""");
        await RunningProxy.RefusedAsync(IPAddress.Loopback, port);
        await RunningProxy.RefusedAsync(loopback.Network.Cluster.NodeAddress, port);
    }

    [Fact]
    public async Task A_host_port_with_an_address_of_its_own_answers_there_alone()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var running = Running.Of(loopback);
        var port = FreePort();
        using var server = loopback.Serve(20, 18080, "here");
        running.Put(loopback.Pod(20), "Running", $$"""{"containerPort":18080,"hostPort":{{port}},"hostIP":"127.0.0.1"}""");

        (await RunningProxy.ReadLineAsync(null, IPAddress.Loopback, port)).ShouldBe("here");
        await RunningProxy.RefusedAsync(loopback.Network.Cluster.NodeAddress, port);

        running.Cluster.Remove(BuiltInResources.Pods, "shop", "web");
        await RunningProxy.RefusedAsync(IPAddress.Loopback, port);
    }

    [Fact]
    public async Task A_host_port_that_is_taken_is_told_at_the_pod_and_the_other_address_serves()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var running = Running.Of(loopback);
        using var taken = HostSockets.Open(new(IPAddress.Loopback, 0), ProtocolType.Tcp);
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        using var server = loopback.Serve(20, 18080, "here");
        running.Put(loopback.Pod(20), "Running", $$"""{"containerPort":18080,"hostPort":{{port}}}""");

        (await RunningProxy.ReadLineAsync(null, loopback.Network.Cluster.NodeAddress, port)).ShouldBe("here");
        await Eventually.Async(() => running.Cluster.List(BuiltInResources.Events).Any(e => e["reason"]!.GetValue<string>() == "HostPortConflict"));
    }

    private static int FreePort()
    {
        using var socket = HostSockets.Open(new(IPAddress.Loopback, 0), ProtocolType.Tcp);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource ending = new();
        private Task run = Task.CompletedTask;

        public WatchedCluster Cluster { get; } = new();

        public static Running Of(LoopbackCluster loopback)
        {
            var running = new Running();
            running.run = new Embedded.Network.HostPorts.HostPorts(running.Cluster, loopback.Network.Cluster, TimeProvider.System, NullLogger.Instance).RunAsync(running.ending.Token);
            return running;
        }

        public void Put(IPAddress address, string phase, string port) => Cluster.Put(
            BuiltInResources.Pods,
            $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"web","uid":"1"},"spec":{"containers":[{"name":"web","ports":[{{{port}}}]}]},
             "status":{"phase":"{{{phase}}}","podIP":"{{{address}}}"}}
            """);

        public async ValueTask DisposeAsync()
        {
            await ending.CancelAsync();
            await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ending.Dispose();
        }
    }
}
