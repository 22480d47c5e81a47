using System.Net;
using System.Net.Sockets;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>A server on loopback that greets each connection with its name, then says back what it is told.</summary>
internal sealed class LoopbackPort : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public LoopbackPort(string name)
    {
        listener.Start();
        Number = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync(name);
    }

    public int Number { get; }

    /// <summary>A number that nobody listens on at the moment.</summary>
    public static int Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Connects and reads one line; null where the connection ends without any.</summary>
    public static async Task<string?> GreetingAsync(int port, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, cancellation);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync(cancellation);
    }

    public static bool IsOpen(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync(string name)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = EchoAsync(client, name);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
        }
    }

    private async Task EchoAsync(TcpClient client, string name)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(name + "\n"), stop.Token);
                await stream.CopyToAsync(stream, stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
            }
        }
    }
}
