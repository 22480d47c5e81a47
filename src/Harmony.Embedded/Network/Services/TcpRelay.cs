using System.Buffers;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Services;

/// <summary>
/// Carries bytes both ways between two connections. The end of one direction is passed on while the other goes on; a reset is passed on as a reset.
/// A connection on which nothing moves holds no buffer.
/// </summary>
internal static class TcpRelay
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Returns when both directions have ended; both sockets are closed then.</summary>
    public static async Task RunAsync(Socket client, Socket server)
    {
        Prepare(client);
        Prepare(server);
        await Task.WhenAll(PumpOrAbortAsync(client, server), PumpOrAbortAsync(server, client));
        client.Dispose();
        server.Dispose();
    }

    /// <summary>Closes with a reset, so that the other side does not take it for an orderly end.</summary>
    public static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }

        socket.Dispose();
    }

    private static async Task PumpOrAbortAsync(Socket from, Socket to)
    {
        try
        {
            await PumpAsync(from, to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Abort(from);
            Abort(to);
        }
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        while (true)
        {
            // Receiving nothing returns when there is something to receive: only then is a buffer taken.
            await from.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, CancellationToken.None);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                int read;
                do
                {
                    read = await from.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, CancellationToken.None);
                    if (read == 0)
                    {
                        to.Shutdown(SocketShutdown.Send);
                        return;
                    }

                    for (var sent = 0; sent < read;)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, CancellationToken.None);
                    }
                }
                while (read == buffer.Length);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static void Prepare(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
    }
}
