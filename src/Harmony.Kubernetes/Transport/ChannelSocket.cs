using System.Buffers;
using System.Net.WebSockets;

namespace Harmony.Kubernetes.Transport;

/// <summary>
/// The channels that Kubernetes puts into a WebSocket: the first byte of each message names the channel. Writing may happen from several places at
/// once, reading from one. Source: https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go.
/// </summary>
internal sealed class ChannelSocket(WebSocket socket) : IAsyncDisposable
{
    public const byte Close = 255;
    private const int LargestWrite = 32 * 1024;
    private readonly SemaphoreSlim writing = new(1);
    private byte[] buffer = new byte[LargestWrite + 1];

    public string? Protocol => socket.SubProtocol;

    public async Task WriteAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        do
        {
            var part = data[..Math.Min(data.Length, LargestWrite)];
            data = data[part.Length..];
            var message = ArrayPool<byte>.Shared.Rent(part.Length + 1);
            try
            {
                message[0] = channel;
                part.CopyTo(message.AsMemory(1));
                await writing.WaitAsync(cancellation);
                try
                {
                    await socket.SendAsync(message.AsMemory(0, part.Length + 1), WebSocketMessageType.Binary, endOfMessage: true, cancellation);
                }
                finally
                {
                    writing.Release();
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(message);
            }
        }
        while (data.Length > 0);
    }

    /// <summary>The next message; null when the other side has closed. The data is valid until the next call.</summary>
    /// <exception cref="WebSocketException">The connection is lost.</exception>
    public async Task<(byte Channel, ReadOnlyMemory<byte> Data)?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                if (length == buffer.Length)
                {
                    if (length >= 16 * 1024 * 1024)
                    {
                        throw new WebSocketException(WebSocketError.Faulted, "the other side sent a message of more than 16 MiB");
                    }

                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                result = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                length += result.Count;
            }
            while (!result.EndOfMessage);
            if (length > 0)
            {
                return (buffer[0], buffer.AsMemory(1, length - 1));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, soon.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // It is gone already.
        }

        socket.Dispose();
        writing.Dispose();
    }
}
