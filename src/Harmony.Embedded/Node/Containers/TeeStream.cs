using Harmony.Platform;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Passes on what is written, and keeps the first bytes of it.</summary>
internal sealed class TeeStream(Stream? destination, MemoryStream kept, int limit) : SequentialStream
{
    public override bool CanWrite => true;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Keep(buffer.Span);
        if (destination is not null)
        {
            await destination.WriteAsync(buffer, cancellationToken);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Keep(buffer);
        destination?.Write(buffer);
    }

    public override void Flush() => destination?.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => destination?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    private void Keep(ReadOnlySpan<byte> data)
    {
        var room = limit - (int)kept.Length;
        if (room > 0)
        {
            kept.Write(data[..Math.Min(room, data.Length)]);
        }
    }
}
