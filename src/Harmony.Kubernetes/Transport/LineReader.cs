using System.Buffers;
using System.Text;

namespace Harmony.Kubernetes.Transport;

/// <summary>Reads a stream line by line, as bytes. A line longer than the bound comes in pieces: no peer decides how much memory is used.</summary>
internal sealed class LineReader(Stream stream, int maxLine)
{
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;

    /// <summary>The next line without its end; null after the last. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        var searched = start;
        while (true)
        {
            var at = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = buffer.AsMemory(start, searched + at - start);
                start = searched + at + 1;
                return line is { Length: > 0 } && line.Span[^1] == '\r' ? line[..^1] : line;
            }

            searched = end;
            if (end - start >= maxLine)
            {
                var piece = buffer.AsMemory(start, end - start);
                start = end;
                return piece;
            }

            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (searched, end, start) = (searched - start, end - start, 0);
            }

            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, Math.Max(maxLine, buffer.Length + 1)));
            }

            var count = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
            if (count == 0)
            {
                var rest = buffer.AsMemory(start, end - start);
                start = end;
                // Not a bare null in a conditional: that would be an empty memory.
                return rest.Length > 0 ? rest : default(ReadOnlyMemory<byte>?);
            }

            end += count;
        }
    }

    public async ValueTask<string?> ReadTextAsync(CancellationToken cancellation) =>
        await ReadAsync(cancellation) is { } line ? Encoding.UTF8.GetString(line.Span) : null;
}
