using System.Net;
using System.Net.Sockets;
using System.Text;
using Harmony.Embedded.Api;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Services;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Embedded.Tests.Network.Services;

public sealed class ServiceProxyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_reaches_its_endpoints_in_turn_from_host_and_pods()
    {
        await using var network = await TestNetwork.OpenAsync();
        await using var proxy = RunningProxy.Of(network.Opened);
        var one = await network.Pods.AttachAsync("one", Cancellation);
        var two = await network.Pods.AttachAsync("two", Cancellation);
        using var first = await TestNetwork.ServeAsync(one, one.Address, 8080, "one");
        using var second = await TestNetwork.ServeAsync(two, two.Address, 8080, "two");
        var service = network.Cluster.ServiceRange.At(77);
        proxy.Cluster.PutService("shop", "web", $$"""{"type":"NodePort","clusterIP":"{{service}}","ports":[{"name":"http","port":80,"nodePort":30080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"name":"http","port":8080}]""", WatchedCluster.Endpoint(one.Address), WatchedCluster.Endpoint(two.Address));

        var answers = new[] { await RunningProxy.ReadLineAsync(null, service, 80), await RunningProxy.ReadLineAsync(null, service, 80) };
        answers.ShouldBe(["one", "two"], ignoreOrder: true);
        (await RunningProxy.ReadLineAsync(one, service, 80)).ShouldBeOneOf("one", "two");
        (await RunningProxy.ReadLineAsync(one, service, 80)).ShouldBeOneOf("one", "two");
        (await RunningProxy.ReadLineAsync(null, network.Cluster.NodeAddress, 30080)).ShouldBeOneOf("one", "two");
        (await RunningProxy.ReadLineAsync(two, network.Cluster.NodeAddress, 30080)).ShouldBeOneOf("one", "two");
    }

    [Fact]
    public async Task Only_ready_endpoints_are_used_and_without_any_the_client_is_refused()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        using var server = loopback.Serve(20, 18080, "ready");
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)), WatchedCluster.Endpoint(loopback.Pod(21), ready: false));

        for (var i = 0; i < 4; i++)
        {
            (await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080)).ShouldBe("ready");
        }

        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20), ready: false));
        await RunningProxy.RefusedAsync(loopback.Service(1), 18080);
    }

    [Fact]
    public async Task An_endpoint_that_does_not_answer_is_passed_over()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        using var server = loopback.Serve(20, 18080, "alive");
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(21)), WatchedCluster.Endpoint(loopback.Pod(20)));

        for (var i = 0; i < 4; i++)
        {
            (await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080)).ShouldBe("alive");
        }
    }

    [Fact]
    public async Task A_client_with_affinity_stays_with_its_endpoint()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        using var one = loopback.Serve(20, 18080, "one");
        using var two = loopback.Serve(21, 18080, "two");
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","sessionAffinity":"ClientIP","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)), WatchedCluster.Endpoint(loopback.Pod(21)));

        var first = await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080);
        for (var i = 0; i < 4; i++)
        {
            (await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080)).ShouldBe(first);
        }
    }

    [Fact]
    public async Task A_load_balancer_has_its_cluster_address_as_ingress_until_it_is_none_any_more()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        proxy.Cluster.PutService("shop", "web", $$"""{"type":"LoadBalancer","clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");

        await Until(() => proxy.Cluster.Get(BuiltInResources.Services, "shop", "web").At("status", "loadBalancer", "ingress").Objects().FirstOrDefault()?.Text("ip") == loopback.Service(1).ToString());
        proxy.Cluster.Written[0].Subresource.ShouldBe("status");
        var changed = proxy.Cluster.Get(BuiltInResources.Services, "shop", "web")!;
        changed.Spec!["type"] = "ClusterIP";
        proxy.Cluster.Put(BuiltInResources.Services, changed.ToJsonString());

        await Until(() => proxy.Cluster.Get(BuiltInResources.Services, "shop", "web").At("status", "loadBalancer", "ingress") is null);
        proxy.Cluster.Written.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_kubernetes_service_leads_to_the_api()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        using var api = HostServer(IPAddress.Loopback, 0, "api");
        await using var proxy = RunningProxy.Of(loopback.Network, (IPEndPoint)api.LocalEndPoint!);
        proxy.Cluster.PutService("default", "kubernetes", $$"""{"clusterIP":"{{loopback.Network.Cluster.ApiAddress}}","ports":[{"name":"https","port":18443}]}""");

        (await RunningProxy.ReadLineAsync(null, loopback.Network.Cluster.ApiAddress, 18443)).ShouldBe("api");
    }

    [Fact]
    public async Task An_endpoint_on_the_machines_own_loopback_is_not_reached_through_a_service()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        using var secret = HostServer(IPAddress.Loopback, 0, "secret");
        await using var proxy = RunningProxy.Of(loopback.Network);
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutService("shop", "known", $$"""{"clusterIP":"{{loopback.Service(2)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", $$"""[{"port":{{((IPEndPoint)secret.LocalEndPoint!).Port}}}]""", WatchedCluster.Endpoint(IPAddress.Loopback));
        using var server = loopback.Serve(20, 18080, "known");
        proxy.Cluster.PutSlice("shop", "known", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)));

        (await RunningProxy.ReadLineAsync(null, loopback.Service(2), 18080)).ShouldBe("known");
        await RunningProxy.RefusedAsync(loopback.Service(1), 18080);
    }

    [Fact]
    public async Task Datagrams_find_their_way_back()
    {
        await using var network = await TestNetwork.OpenAsync();
        await using var proxy = RunningProxy.Of(network.Opened);
        var pod = await network.Pods.AttachAsync("pod", Cancellation);
        var client = await network.Pods.AttachAsync("client", Cancellation);
        using var echo = await TestNetwork.SocketIn(pod, () => Harmony.Embedded.Network.Sockets.HostSockets.Open(new(pod.Address, 9000), ProtocolType.Udp));
        _ = EchoAsync(echo);
        var service = network.Cluster.ServiceRange.At(78);
        proxy.Cluster.PutService("shop", "log", $$"""{"clusterIP":"{{service}}","ports":[{"port":90,"protocol":"UDP"}]}""");
        proxy.Cluster.PutSlice("shop", "log", """[{"port":9000,"protocol":"UDP"}]""", WatchedCluster.Endpoint(pod.Address));

        (await AskAsync(null, service, "from the host")).ShouldBe("from the host");
        (await AskAsync(client, service, "from a pod")).ShouldBe("from a pod");
        (await AskAsync(pod, service, "from itself")).ShouldBe("from itself");
    }

    [Fact]
    public async Task A_port_that_somebody_holds_is_told_at_the_service()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        using var holder = HostServer(loopback.Service(1), 18081, "holder");
        await using var proxy = RunningProxy.Of(loopback.Network);
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18081}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)));

        await Until(() => proxy.Cluster.List(BuiltInResources.Events).Any(e => e.Text("reason") == "FailedToListen" && e.Text("message")!.Contains("18081", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ports_that_stay_taken_are_tried_again_once_each_time_however_many_they_are()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        using var first = HostServer(loopback.Service(1), 18081, "holder");
        using var second = HostServer(loopback.Service(1), 18082, "holder");
        var (time, log) = (new FakeTimeProvider(), new CountingLog());
        await using var proxy = RunningProxy.Of(loopback.Network, time: time, log: log);
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"name":"a","port":18081},{"name":"b","port":18082}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"name":"a","port":18080},{"name":"b","port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)));
        await Until(() => log.Warnings == 2);

        for (var round = 2; round <= 5; round++)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Until(() => log.Warnings >= 2 * round);
        }

        log.Warnings.ShouldBe(10);
    }

    [Fact]
    public async Task A_service_that_is_gone_listens_no_more()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        using var server = loopback.Serve(20, 18080, "here");
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)));
        (await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080)).ShouldBe("here");

        proxy.Cluster.Remove(BuiltInResources.Services, "shop", "web");

        await RunningProxy.RefusedAsync(loopback.Service(1), 18080);
    }

    internal static async Task Until(Func<bool> condition)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(5, bound.Token);
        }
    }

    private static Socket HostServer(IPAddress address, int port, string line)
    {
        var socket = Harmony.Embedded.Network.Sockets.HostSockets.Open(new(address, port), ProtocolType.Tcp);
        TestNetwork.Greet(socket, line);
        return socket;
    }

    private static async Task EchoAsync(Socket socket)
    {
        var buffer = new byte[2048];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
                await socket.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None, received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Asks until an answer comes: the Service may not be there yet, and UDP tells nothing.</summary>
    private static async Task<string> AskAsync(PodAttachment? from, IPAddress address, string text)
    {
        var buffer = new byte[2048];
        for (var i = 0; i < 40; i++)
        {
            using var socket = await TestNetwork.SocketIn(from, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            await socket.ConnectAsync(address, 90, Cancellation);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            patience.CancelAfter(TimeSpan.FromMilliseconds(500));
            try
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(text), Cancellation);
                return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                await Task.Delay(20, Cancellation);
            }
        }

        return "";
    }
}

/// <summary>Counts what is wrong.</summary>
internal sealed class CountingLog : ILogger
{
    private int warnings;

    public int Warnings => Volatile.Read(ref warnings);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Interlocked.Add(ref warnings, logLevel is LogLevel.Warning ? 1 : 0);
}

/// <summary>A service proxy at work.</summary>
internal sealed class RunningProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource ending = new();
    private readonly Task running;

    private RunningProxy(EmbeddedNetwork network, IPEndPoint? api, TimeProvider time, ILogger log) =>
        running = new ServiceProxy(Cluster, network, () => api, time, log).RunAsync(ending.Token);

    public WatchedCluster Cluster { get; } = new();

    public static RunningProxy Of(EmbeddedNetwork network, IPEndPoint? api = null, TimeProvider? time = null, ILogger? log = null) =>
        new(network, api, time ?? TimeProvider.System, log ?? NullLogger.Instance);

    /// <summary>Connects as soon as somebody listens.</summary>
    public static async Task<string> ReadLineAsync(PodAttachment? from, IPAddress address, int port)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return await TestNetwork.ReadLineAsync(from, address, port);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused && i < 500)
            {
                await Task.Delay(10);
            }
        }
    }

    /// <summary>Returns once connections are refused.</summary>
    public static async Task RefusedAsync(IPAddress address, int port)
    {
        for (var i = 0; i < 500; i++)
        {
            try
            {
                await TestNetwork.ReadLineAsync(null, address, port);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
            {
                return;
            }
            catch (Exception e) when (e is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                // Accepted by a listener that was about to close.
            }

            await Task.Delay(10);
        }

        Assert.Fail($"{address}:{port} still answers");
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }
}
