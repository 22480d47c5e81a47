using System.Net.WebSockets;
using Harmony.Platform;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>
/// A WebSocket as a stream of bytes, whatever its messages. Unlike .NET's own WebSocketStream it passes over empty messages instead of taking them
/// for the end: kubectl sends one for each empty SPDY frame.
/// </summary>
internal sealed class WebSocketBytes(WebSocket socket) : SequentialStream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var result = await socket.ReceiveAsync(buffer, cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return 0;
            }

            if (result.Count > 0)
            {
                return result.Count;
            }
        }

        return 0;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var soon = new CancellationTokenSource(ChannelConnection.Goodbye);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, soon.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client is gone already.
        }

        socket.Dispose();
        await base.DisposeAsync();
    }
}
