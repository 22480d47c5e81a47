using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>A server on loopback that sends back what it is sent, until the sender has ended, and ends then.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public EchoServer()
    {
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                _ = EchoAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private static async Task EchoAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await client.GetStream().CopyToAsync(client.GetStream());
            }
            catch (IOException)
            {
                // The other side broke the connection.
            }
        }
    }
}
