using System.IO.Pipelines;

namespace Harmony.Embedded.Api.Streaming.Spdy;

/// <summary>One stream of a SPDY connection, opened by the client.</summary>
internal sealed class SpdyStream : IDisposable
{
    private readonly SpdyConnection connection;
    private readonly CancellationTokenSource aborted = new();
    private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024));
    private int finished;

    public SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers)
    {
        this.connection = connection;
        Id = id;
        Headers = headers;
        Input = pipe.Reader.AsStream();
    }

    public int Id { get; }

    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What the client sends, to its end.</summary>
    public Stream Input { get; }

    /// <summary>Cancelled when the client has reset the stream, or the connection has ended.</summary>
    public CancellationToken Aborted => aborted.Token;

    public Task ReplyAsync(CancellationToken cancellation) => connection.SendReplyAsync(Id, cancellation);

    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (Volatile.Read(ref finished) == 0 && data.Length > 0)
        {
            await connection.SendDataAsync(Id, data, last: false, cancellation);
        }
    }

    /// <summary>Ends this direction; the client may still send.</summary>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref finished, 1) == 0 && !aborted.IsCancellationRequested)
        {
            await connection.SendDataAsync(Id, default, last: true, cancellation);
        }
    }

    public Task ResetAsync(CancellationToken cancellation) => connection.SendResetAsync(Id, cancellation);

    internal async ValueTask ReceiveAsync(ReadOnlyMemory<byte> data, bool last, CancellationToken cancellation)
    {
        if (data.Length > 0)
        {
            await pipe.Writer.WriteAsync(data, cancellation);
        }

        if (last)
        {
            await pipe.Writer.CompleteAsync();
        }
    }

    /// <summary>Both sides are done with it: what still comes for it is dropped.</summary>
    public void Release() => connection.Forget(Id);

    internal void Abort()
    {
        aborted.Cancel();
        // The reader of frames may be waiting for room here.
        pipe.Writer.CancelPendingFlush();
    }

    public void Dispose() => aborted.Dispose();
}
