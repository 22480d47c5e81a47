using Harmony.Platform;

namespace Harmony.Embedded.Api.Streaming;

/// <summary>A stream that can only be written, and hands each write on.</summary>
internal sealed class SendingStream(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send) : SequentialStream
{
    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > 0)
        {
            await send(buffer, cancellationToken);
        }
    }

    /// <summary>For a terminal's thread, which has nothing else to do meanwhile.</summary>
    public override void Write(ReadOnlySpan<byte> buffer) => WriteAsync(buffer.ToArray(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
}
