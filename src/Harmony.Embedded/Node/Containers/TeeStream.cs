namespace Harmony.Embedded.Node.Containers;

/// <summary>Passes on what is written, and keeps the first bytes of it.</summary>
internal sealed class TeeStream(Stream? destination, MemoryStream kept, int limit) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Keep(buffer.Span);
        if (destination is not null)
        {
            await destination.WriteAsync(buffer, cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        Keep(buffer.AsSpan(offset, count));
        destination?.Write(buffer, offset, count);
    }

    public override void Flush() => destination?.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => destination?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Keep(ReadOnlySpan<byte> data)
    {
        var room = limit - (int)kept.Length;
        if (room > 0)
        {
            kept.Write(data[..Math.Min(room, data.Length)]);
        }
    }
}
