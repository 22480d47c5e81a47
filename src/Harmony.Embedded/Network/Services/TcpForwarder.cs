using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Services;

/// <summary>Accepts connections and relays each to an endpoint. Ending it closes the listener; connections go on until their ends end them.</summary>
internal sealed class TcpForwarder : IDisposable
{
    private const int MostAttempts = 3;
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(5);

    private readonly Socket _listener;
    private readonly Backend _backend;

    public TcpForwarder(Socket listener, Backend backend)
    {
        _listener = listener;
        _backend = backend;
        _ = AcceptAsync();
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket or SocketError.InvalidArgument })
            {
                return;
            }
            catch (SocketException)
            {
                // The client has gone already, or the process is out of descriptors, which takes a moment to pass.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                continue;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            if (await ConnectAsync(((IPEndPoint)client.RemoteEndPoint!).Address) is { } server)
            {
                await TcpRelay.RunAsync(client, server);
            }
            else
            {
                TcpRelay.Abort(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            TcpRelay.Abort(client);
        }
    }

    /// <summary>A connection to an endpoint; to another where one does not answer, for readiness lags behind; null where none does.</summary>
    private async Task<Socket?> ConnectAsync(IPAddress client)
    {
        List<IPEndPoint> failed = [];
        while (failed.Count < MostAttempts && _backend.Choose(client, failed) is { } endPoint)
        {
            var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                using var bound = new CancellationTokenSource(s_connectTimeout);
                await socket.ConnectAsync(endPoint, bound.Token);
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                failed.Add(endPoint);
            }
        }

        return null;
    }
}
