using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace Harmony.Embedded.Api.Streaming.Spdy;

/// <summary>
/// The server's end of a SPDY/3.1 connection, as far as Kubernetes' streams need it. Flow control by windows is not done: the clients' library
/// (moby/spdystream) neither sends nor heeds window updates, so waiting for them would stall after 64 KiB; the transport's own flow control is what
/// there is. Source: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/.
/// </summary>
/// <param name="transport">The bytes, whatever carries them.</param>
/// <param name="serve">Called for every stream that the client opens; its end does not end the stream.</param>
internal sealed class SpdyConnection(Stream transport, Func<SpdyStream, CancellationToken, Task> serve) : IAsyncDisposable
{
    private const int MostStreams = 4096;
    private const int LargestControlFrame = 64 * 1024;
    private const int LargestData = 32 * 1024;
    private readonly SemaphoreSlim writing = new(1);
    private readonly ConcurrentDictionary<int, SpdyStream> streams = new();
    private readonly ConcurrentDictionary<int, Task> serving = new();
    private readonly SpdyHeaders headers = new();
    private readonly byte[] prefix = new byte[8];
    private byte[] payload = new byte[LargestControlFrame];
    private int lastStream;

    private enum Frame : ushort
    {
        SynStream = 1,
        SynReply = 2,
        RstStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        Headers = 8,
        WindowUpdate = 9,
    }

    /// <summary>Serves until the client closes the connection or breaks the protocol.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            while (await ReadFrameAsync(ended.Token))
            {
            }
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or WebSocketException or OperationCanceledException)
        {
            // The client has left.
        }
        catch (InvalidDataException)
        {
            await TrySendGoAwayAsync();
        }
        finally
        {
            foreach (var stream in streams.Values)
            {
                stream.Abort();
            }

            await ended.CancelAsync();
            await Task.WhenAll(serving.Values);
        }
    }

    public Task SendReplyAsync(int stream, CancellationToken cancellation) => SendAsync(
        () =>
        {
            // The compression has one state for all blocks: they must be made in the order in which they are sent.
            var block = headers.WriteEmpty();
            return Control(Frame.SynReply, 0, [.. Integer(stream), .. block]);
        },
        cancellation);

    public async Task SendDataAsync(int stream, ReadOnlyMemory<byte> data, bool last, CancellationToken cancellation)
    {
        do
        {
            var part = data[..Math.Min(data.Length, LargestData)];
            data = data[part.Length..];
            await SendAsync(
                () =>
                {
                    var frame = new byte[8 + part.Length];
                    BinaryPrimitives.WriteInt32BigEndian(frame, stream);
                    BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), part.Length);
                    frame[4] = (byte)(last && data.Length == 0 ? 1 : 0);
                    part.CopyTo(frame.AsMemory(8));
                    return frame;
                },
                cancellation);
        }
        while (data.Length > 0);
    }

    public Task SendResetAsync(int stream, CancellationToken cancellation)
    {
        // 3: REFUSED_STREAM.
        Forget(stream);
        return SendAsync(() => Control(Frame.RstStream, 0, [.. Integer(stream), .. Integer(3)]), cancellation);
    }

    public void Forget(int id)
    {
        if (streams.TryRemove(id, out var stream))
        {
            stream.Abort();
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (var stream in streams.Values)
        {
            stream.Dispose();
        }

        writing.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> ReadFrameAsync(CancellationToken cancellation)
    {
        if (await transport.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancellation) < prefix.Length)
        {
            return false;
        }

        var head = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        var flags = prefix[4];
        var length = BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(4)) & 0xFFFFFF;
        if ((head & 0x8000_0000) == 0)
        {
            await ReadDataAsync((int)head, flags, length, cancellation);
            return true;
        }

        if (((head >> 16) & 0x7FFF) != 3 || length > LargestControlFrame)
        {
            throw new InvalidDataException("this is no SPDY/3 frame");
        }

        await transport.ReadExactlyAsync(payload.AsMemory(0, length), cancellation);
        return await HandleAsync((Frame)(ushort)head, flags, payload.AsMemory(0, length), cancellation);
    }

    private async Task ReadDataAsync(int id, byte flags, int length, CancellationToken cancellation)
    {
        streams.TryGetValue(id, out var stream);
        do
        {
            var part = payload.AsMemory(0, Math.Min(length, payload.Length));
            await transport.ReadExactlyAsync(part, cancellation);
            length -= part.Length;
            if (stream is { Aborted.IsCancellationRequested: false })
            {
                await stream.ReceiveAsync(part, last: length == 0 && (flags & 1) != 0, cancellation);
            }
        }
        while (length > 0);
    }

    private async Task<bool> HandleAsync(Frame frame, byte flags, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        switch (frame)
        {
            case Frame.SynStream when body.Length >= 10:
                await OpenAsync(BinaryPrimitives.ReadInt32BigEndian(body.Span) & int.MaxValue, flags, headers.Read(body.Span[10..]), cancellation);
                return true;
            case Frame.Headers or Frame.SynReply when body.Length >= 4:
                // Not expected, but the compression's state must not be lost.
                headers.Read(body.Span[4..]);
                return true;
            case Frame.RstStream when body.Length >= 4:
                Forget(BinaryPrimitives.ReadInt32BigEndian(body.Span) & int.MaxValue);
                return true;
            case Frame.Ping when body.Length == 4:
                var id = body.ToArray();
                // Odd numbers are the client's questions, even ones would be answers to ours.
                if ((id[3] & 1) == 1)
                {
                    await SendAsync(() => Control(Frame.Ping, 0, id), cancellation);
                }

                return true;
            case Frame.GoAway:
                // No new streams will come; those that are open go on until the client closes.
                return true;
            case Frame.Settings or Frame.WindowUpdate:
                return true;
            default:
                throw new InvalidDataException("this is no SPDY/3 frame");
        }
    }

    private async Task OpenAsync(int id, byte flags, Dictionary<string, string> pairs, CancellationToken cancellation)
    {
        if (id <= lastStream || id % 2 == 0)
        {
            throw new InvalidDataException("a stream's number is out of order");
        }

        lastStream = id;
        var stream = new SpdyStream(this, id, pairs);
        if (streams.Count >= MostStreams || !streams.TryAdd(id, stream))
        {
            await SendResetAsync(id, cancellation);
            return;
        }

        if ((flags & 1) != 0)
        {
            await stream.ReceiveAsync(default, last: true, cancellation);
        }

        serving[id] = ServeAsync(stream, cancellation);
    }

    private async Task ServeAsync(SpdyStream stream, CancellationToken cancellation)
    {
        await Task.Yield();
        try
        {
            await serve(stream, cancellation);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone; the reading side ends it.
        }
        finally
        {
            serving.TryRemove(stream.Id, out _);
        }
    }

    private async Task SendAsync(Func<byte[]> make, CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);
        try
        {
            // A frame that is begun must be finished, or all after it are garbage: it is not cancelled half-way.
            await transport.WriteAsync(make(), CancellationToken.None);
            await transport.FlushAsync(CancellationToken.None);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task TrySendGoAwayAsync()
    {
        try
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            // 1: PROTOCOL_ERROR.
            await SendAsync(() => Control(Frame.GoAway, 0, [.. Integer(lastStream), .. Integer(1)]), soon.Token);
        }
        catch (Exception e) when (e is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // It need not be told, then.
        }
    }

    private static byte[] Control(Frame frame, byte flags, byte[] body)
    {
        var bytes = new byte[8 + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x8003_0000 | (uint)frame);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), body.Length);
        bytes[4] = flags;
        body.CopyTo(bytes, 8);
        return bytes;
    }

    private static byte[] Integer(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
