namespace Harmony.Embedded.Wasm;

/// <summary>Cuts one output stream of one run into the lines of a <see cref="ContainerLog"/>. A line over 16 KiB is written in parts, as containerd does.</summary>
internal sealed class LogLines(ContainerLog log, string stream)
{
    private const int LongestPart = 16 * 1024;

    private readonly byte[] _line = new byte[LongestPart];
    private int _length;

    public void Write(ReadOnlySpan<byte> data)
    {
        lock (_line)
        {
            while (data.Length > 0)
            {
                var end = data.IndexOf((byte)'\n');
                var piece = end < 0 ? data : data[..end];
                while (piece.Length > LongestPart - _length)
                {
                    piece[..(LongestPart - _length)].CopyTo(_line.AsSpan(_length));
                    piece = piece[(LongestPart - _length)..];
                    log.Write(stream, _line, whole: false);
                    _length = 0;
                }

                piece.CopyTo(_line.AsSpan(_length));
                _length += piece.Length;
                if (end < 0)
                {
                    return;
                }

                log.Write(stream, _line.AsSpan(0, _length), whole: true);
                _length = 0;
                data = data[(end + 1)..];
            }
        }
    }

    /// <summary>Writes what came without an end of line.</summary>
    public void Complete()
    {
        lock (_line)
        {
            if (_length > 0)
            {
                log.Write(stream, _line.AsSpan(0, _length), whole: true);
                _length = 0;
            }
        }
    }
}
