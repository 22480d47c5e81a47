using System.Buffers;
using System.Net.WebSockets;
using System.Text;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>
/// The server's end of the channels that Kubernetes puts into a WebSocket: the first byte of a message names the channel; with <c>base64.</c>
/// protocols it is a digit and the rest is text. Several may write at once, one reads.
/// </summary>
internal sealed class ChannelConnection(WebSocket socket, string protocol) : IAsyncDisposable
{
    /// <summary>How long the client has to answer a goodbye.</summary>
    public static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private const int LargestMessage = 16 * 1024 * 1024;
    private readonly SemaphoreSlim writing = new(1);
    private readonly bool base64 = protocol.Contains("base64", StringComparison.Ordinal);
    private byte[] buffer = new byte[32 * 1024];

    public string Protocol => protocol;

    public async ValueTask WriteAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        var text = base64 ? Encoding.ASCII.GetBytes(Convert.ToBase64String(data.Span)) : null;
        var length = (text?.Length ?? data.Length) + 1;
        var message = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            message[0] = base64 ? (byte)('0' + channel) : channel;
            (text ?? data).CopyTo(message.AsMemory(1));
            await writing.WaitAsync(cancellation);
            try
            {
                await socket.SendAsync(message.AsMemory(0, length), base64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, cancellation);
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

    /// <summary>The next message, valid until the next call; null when the client has closed or is lost.</summary>
    public async Task<(byte Channel, ReadOnlyMemory<byte> Data)?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    if (length == buffer.Length)
                    {
                        if (length >= LargestMessage)
                        {
                            return null;
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
                    return base64
                        ? ((byte)(buffer[0] - '0'), Convert.FromBase64String(Encoding.ASCII.GetString(buffer, 1, length - 1)))
                        : (buffer[0], buffer.AsMemory(1, length - 1));
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Says goodbye. Whoever reads goes on until the client has said it too, so that what was sent last is not lost with the connection.</summary>
    public async Task FinishAsync()
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var soon = new CancellationTokenSource(Goodbye);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, soon.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client is gone already.
        }
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        writing.Dispose();
        return ValueTask.CompletedTask;
    }
}
