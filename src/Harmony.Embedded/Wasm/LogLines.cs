using System.Buffers;

namespace Harmony.Embedded.Wasm;

/// <summary>Collects one output stream of one run into whole lines for a <see cref="ContainerLog"/>, so that the runs of a served module do not mix theirs.</summary>
internal sealed class LogLines(ContainerLog log, bool isError)
{
    // A line that is longer is cut.
    private const int LongestLine = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _line = new();

    public void Write(ReadOnlySpan<byte> data)
    {
        lock (_line)
        {
            while (data.Length > 0)
            {
                var end = data.IndexOf((byte)'\n');
                var piece = end < 0 ? data : data[..end];
                piece = piece[..Math.Min(piece.Length, LongestLine - _line.WrittenCount)];
                _line.Write(piece);
                data = data[piece.Length..];
                if (end == piece.Length)
                {
                    data = data[1..];
                    Emit();
                }
                else if (_line.WrittenCount == LongestLine)
                {
                    Emit();
                }
            }
        }
    }

    /// <summary>Writes what came without an end of line.</summary>
    public void Complete()
    {
        lock (_line)
        {
            if (_line.WrittenCount > 0)
            {
                Emit();
            }
        }
    }

    private void Emit()
    {
        _line.Write("\n"u8);
        log.Write(isError, _line.WrittenSpan);
        _line.ResetWrittenCount();
    }
}
