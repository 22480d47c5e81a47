using System.Net;
using System.Net.Sockets;
using Harmony.Kubernetes;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Access;

public sealed class ServiceForwarderTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly LoopbackPort first = new("pod a");
    private readonly LoopbackPort second = new("pod b");
    private readonly int port = LoopbackPort.Free();
    private readonly ServiceForwarder forwarder;

    public ServiceForwarderTests()
    {
        forwarder = new(cluster, new("shop", "web", 80, port), time, _ => { });
        cluster.Put(Trees.Service("web"));
        cluster.Ports[("a", 8080)] = first.Number;
        cluster.Ports[("b", 8080)] = second.Number;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        forwarder.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await forwarder.DisposeAsync();
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_is_carried_both_ways_to_a_ready_pod()
    {
        cluster.Put(Trees.Slice("web", "a"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        using var reader = new StreamReader(client.GetStream());
        (await reader.ReadLineAsync(Cancellation)).ShouldBe("pod a");

        await client.GetStream().WriteAsync("hello\n"u8.ToArray(), Cancellation);

        (await reader.ReadLineAsync(Cancellation)).ShouldBe("hello");
    }

    [Fact]
    public async Task A_replaced_pod_is_followed()
    {
        cluster.Put(Trees.Slice("web", "a"));
        (await LoopbackPort.GreetingAsync(port, Cancellation)).ShouldBe("pod a");

        cluster.Ports.TryRemove(("a", 8080), out _);
        cluster.Put(Trees.Slice("web", "b"));

        (await time.PassUntilAsync(LoopbackPort.GreetingAsync(port, Cancellation), 10)).ShouldBe("pod b");
    }

    [Fact]
    public async Task While_no_pod_is_ready_a_new_connection_waits()
    {
        cluster.Put(Trees.Slice("web", "a", ready: false));
        var greeting = LoopbackPort.GreetingAsync(port, Cancellation);

        cluster.Put(Trees.Slice("web", "a"));

        (await greeting).ShouldBe("pod a");
    }

    [Fact]
    public async Task A_connection_that_finds_no_pod_ends()
    {
        (await time.PassUntilAsync(LoopbackPort.GreetingAsync(port, Cancellation), 1000)).ShouldBeNull();
    }

    [Fact]
    public async Task A_watch_that_breaks_is_opened_again()
    {
        cluster.Put(Trees.Slice("web", "a"));
        (await LoopbackPort.GreetingAsync(port, Cancellation)).ShouldBe("pod a");
        cluster.EndWatches("EndpointSlice", new KubernetesException(KubernetesError.Unreachable, "the connection was lost"));
        cluster.Put(Trees.Slice("web", "b"));
        cluster.Ports.TryRemove(("a", 8080), out _);

        (await time.PassUntilAsync(LoopbackPort.GreetingAsync(port, Cancellation))).ShouldBe("pod b");
    }

    [Fact]
    public async Task Once_disposed_the_port_is_free_again()
    {
        await forwarder.DisposeAsync();

        LoopbackPort.IsOpen(port).ShouldBeFalse();
    }

    [Fact]
    public void A_port_that_is_listened_on_already_is_not_shared()
    {
        var twin = new ServiceForwarder(cluster, new("shop", "web", 80, port), time, _ => { });

        Should.Throw<SocketException>(twin.Start).SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);
    }
}
