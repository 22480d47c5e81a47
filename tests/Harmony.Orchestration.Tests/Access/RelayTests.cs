using System.Net;
using System.Net.Sockets;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Access;

public sealed class RelayTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private TcpClient client = null!;
    private TcpClient pod = null!;
    private TcpClient local = null!;
    private TcpClient remote = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (client, local) = await PairAsync();
        (pod, remote) = await PairAsync();
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        pod.Dispose();
        local.Dispose();
        remote.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task RunAsync() => Relay.RunAsync(local.GetStream(), remote.GetStream(), () => local.Client.Shutdown(SocketShutdown.Send), TimeSpan.FromSeconds(30), time, Cancellation);

    [Fact]
    public async Task The_pods_end_is_told_to_the_client()
    {
        var running = RunAsync();
        await pod.GetStream().WriteAsync("bye"u8.ToArray(), Cancellation);
        pod.Close();
        await running;

        using var reader = new StreamReader(client.GetStream());
        (await reader.ReadToEndAsync(Cancellation)).ShouldBe("bye");
    }

    [Fact]
    public async Task A_client_that_has_said_all_still_gets_its_answer()
    {
        var running = RunAsync();
        using var reader = new StreamReader(client.GetStream());
        client.Client.Shutdown(SocketShutdown.Send);
        await pod.GetStream().WriteAsync("answer"u8.ToArray(), Cancellation);
        pod.Close();
        await running;
        local.Close();

        (await reader.ReadToEndAsync(Cancellation)).ShouldBe("answer");
    }

    [Fact]
    public async Task A_client_that_has_gone_does_not_keep_a_silent_pods_connection_for_ever()
    {
        var running = RunAsync();
        client.Close();

        await time.PassUntilAsync(running, 1000);
    }

    [Fact]
    public async Task A_reset_connection_ends_it_quietly()
    {
        var running = RunAsync();
        client.Client.LingerState = new(enable: true, seconds: 0);
        client.Close();
        await pod.GetStream().WriteAsync(new byte[100_000], Cancellation);
        pod.Close();

        await running;
    }

    private static async Task<(TcpClient, TcpClient)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var one = new TcpClient();
        await one.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Cancellation);
        return (one, await listener.AcceptTcpClientAsync(Cancellation));
    }
}
