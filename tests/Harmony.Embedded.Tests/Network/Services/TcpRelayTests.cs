using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Harmony.Embedded.Network.Services;

namespace Harmony.Embedded.Tests.Network.Services;

public sealed class TcpRelayTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_sent_arrives_whole_both_ways()
    {
        var (client, server, relay) = await ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(3_000_001);

        var sending = Task.WhenAll(SendAsync(client, sent), SendAsync(server, sent));
        var received = await Task.WhenAll(ReceiveAllAsync(client), ReceiveAllAsync(server));

        await sending;
        received[0].SequenceEqual(sent).ShouldBeTrue();
        received[1].SequenceEqual(sent).ShouldBeTrue();
        await relay.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task The_end_of_one_direction_leaves_the_other_open()
    {
        var (client, server, relay) = await ConnectAsync();

        await SendAsync(client, "question"u8.ToArray());
        Encoding.ASCII.GetString(await ReceiveAllAsync(server)).ShouldBe("question");
        relay.IsCompleted.ShouldBeFalse();
        await SendAsync(server, "answer"u8.ToArray());

        Encoding.ASCII.GetString(await ReceiveAllAsync(client)).ShouldBe("answer");
        await relay.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task A_reset_is_passed_on_as_a_reset()
    {
        var (client, server, relay) = await ConnectAsync();
        await client.SendAsync("x"u8.ToArray(), Cancellation);
        (await server.ReceiveAsync(new byte[1], Cancellation)).ShouldBe(1);

        TcpRelay.Abort(client);

        (await Should.ThrowAsync<SocketException>(async () => await server.ReceiveAsync(new byte[1], Cancellation))).SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
        await relay.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task A_thousand_connections_at_once_are_no_trouble()
    {
        await using var loopback = await LoopbackCluster.OpenAsync();
        await using var proxy = RunningProxy.Of(loopback.Network);
        using var server = loopback.Serve(20, 18080, "served");
        proxy.Cluster.PutService("shop", "web", $$"""{"clusterIP":"{{loopback.Service(1)}}","ports":[{"port":18080}]}""");
        proxy.Cluster.PutSlice("shop", "web", """[{"port":18080}]""", WatchedCluster.Endpoint(loopback.Pod(20)));
        await RunningProxy.ReadLineAsync(null, loopback.Service(1), 18080);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => TestNetwork.ReadLineAsync(null, loopback.Service(1), 18080)));

        answers.ShouldAllBe(a => a == "served");
    }

    private static async Task<(Socket Client, Socket Server, Task Relay)> ConnectAsync()
    {
        var (client, near) = await PairAsync();
        var (far, server) = await PairAsync();
        return (client, server, TcpRelay.RunAsync(near, far));
    }

    private static async Task<(Socket Out, Socket In)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint, Cancellation);
        return (socket, await listener.AcceptSocketAsync(Cancellation));
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent), Cancellation);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        for (int read; (read = await socket.ReceiveAsync(buffer, Cancellation)) > 0;)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
