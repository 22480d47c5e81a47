using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>
/// Reads tar archives as image builders write them: ustar, pax and GNU's long names. Sparse files and what else no builder writes are refused.
/// Source: POSIX.1-2001 pax, and GNU tar's manual. (System.Formats.Tar takes the binary values of extended attributes for UTF-8.)
/// </summary>
internal sealed class TarReader(Stream source)
{
    private const int Block = 512;
    private const int LargestPax = 1024 * 1024;
    private const int LongestName = 4096;

    private readonly byte[] _header = new byte[Block];
    private long _left;
    private int _padding;

    /// <summary>The next member, or null at the end.</summary>
    /// <exception cref="FormatException">It is no tar archive, cut off, or of a kind that is refused.</exception>
    public TarEntry? Next()
    {
        var pax = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        string? longName = null;
        string? longTarget = null;
        while (true)
        {
            Skip();
            if (!Fill(_header))
            {
                return null;
            }

            if (!_header.AsSpan().ContainsAnyExcept((byte)0))
            {
                // The end is two empty blocks; what follows is read away for the checksum.
                return null;
            }

            CheckSum();
            var type = _header[156] == 0 ? '0' : (char)_header[156];
            var size = Number(124, 12);
            if (size < 0)
            {
                throw new FormatException("a member of the archive has a negative size");
            }

            switch (type)
            {
                case 'x':
                    ReadPax(Content(size, LargestPax), pax);
                    break;
                case 'g':
                    Content(size, LargestPax);
                    break;
                case 'L':
                    longName = Text(Content(size, LongestName));
                    break;
                case 'K':
                    longTarget = Text(Content(size, LongestName));
                    break;
                default:
                    return Entry(type, size, pax, longName, longTarget);
            }
        }
    }

    /// <summary>Reads on in the content of the present member; 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        if (_left == 0)
        {
            return 0;
        }

        var read = source.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
        if (read == 0)
        {
            throw new FormatException("the archive is cut off");
        }

        _left -= read;
        return read;
    }

    private TarEntry Entry(char type, long size, Dictionary<string, byte[]> pax, string? longName, string? longTarget)
    {
        if (type is 'S' or 'M' or 'V' or 'D' || pax.Keys.Any(k => k.StartsWith("GNU.sparse.", StringComparison.Ordinal)))
        {
            throw new FormatException($"the archive holds a member of type '{type}' (sparse, multi-volume or incremental), which image layers do not have");
        }

        string? Pax(string key) => pax.TryGetValue(key, out var value) ? Text(value) : null;
        if (Pax("size") is { } paxSize)
        {
            size = long.TryParse(paxSize, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw new FormatException("a member of the archive has no valid size");
        }

        var hasContent = type is '0' or '7';
        _left = hasContent ? size : type is '1' or '2' or '3' or '4' or '5' or '6' ? 0 : size;
        _padding = (int)((Block - (_left % Block)) % Block);
        var name = Pax("path") ?? longName ?? HeaderName();
        if (Encoding.UTF8.GetByteCount(name) > LongestName)
        {
            throw new FormatException("a member of the archive has a name longer than 4096 bytes");
        }

        return new(type is '7' ? '0' : type, name, hasContent ? size : 0)
        {
            Target = Pax("linkpath") ?? longTarget ?? Text(_header.AsSpan(157, 100)),
            Mode = (int)(Number(100, 8) & 0xfff),
            User = Pax("uid") is { } user ? Id(user) : Number(108, 8),
            Group = Pax("gid") is { } group ? Id(group) : Number(116, 8),
            Modified = Pax("mtime") is { } modified ? Time(modified) : (Number(136, 12), 0),
            Device = type is '3' or '4' ? ((uint)Number(329, 8), (uint)Number(337, 8)) : default,
            Attributes = [.. pax.Where(p => p.Key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal)).Select(p => (p.Key["SCHILY.xattr.".Length..], p.Value))],
        };
    }

    private string HeaderName()
    {
        var name = Text(_header.AsSpan(0, 100));

        // The prefix field is ustar's; GNU's format ("ustar  ") has other things there.
        var isUstar = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        var prefix = isUstar ? Text(_header.AsSpan(345, 155)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private void Skip()
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (Read(buffer) > 0)
        {
        }

        for (; _padding > 0; _padding -= Math.Min(_padding, buffer.Length))
        {
            source.ReadExactly(buffer[..Math.Min(_padding, buffer.Length)]);
        }
    }

    private byte[] Content(long size, int bound)
    {
        if (size > bound)
        {
            throw new FormatException($"a header of the archive is larger than {bound} bytes");
        }

        _left = size;
        _padding = (int)((Block - (size % Block)) % Block);
        var content = new byte[size];
        for (var filled = 0; filled < content.Length;)
        {
            filled += Read(content.AsSpan(filled));
        }

        return content;
    }

    private bool Fill(byte[] block)
    {
        var read = source.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
        return read == block.Length || (read == 0 ? false : throw new FormatException("the archive is cut off"));
    }

    private void CheckSum()
    {
        var sum = 0;
        for (var i = 0; i < Block; i++)
        {
            sum += i is >= 148 and < 156 ? ' ' : _header[i];
        }

        if (Number(148, 8) != sum)
        {
            throw new FormatException("it is no tar archive, or damaged: a header's checksum is wrong");
        }
    }

    /// <summary>Octal digits, or with the highest bit set GNU's base 256.</summary>
    private long Number(int offset, int length)
    {
        var field = _header.AsSpan(offset, length);
        if ((field[0] & 0x80) != 0)
        {
            // All but the last eight bytes must repeat the sign.
            var value = (field[0] & 0x40) != 0 ? -1L : 0L;
            for (var i = 0; i < length; i++)
            {
                var b = i == 0 ? (byte)((field[0] & 0x40) != 0 ? field[0] : field[0] & 0x7f) : field[i];
                if (i < length - 8 && b != (value < 0 ? 0xff : 0))
                {
                    throw new FormatException("a number in the archive is too large");
                }

                value = (value << 8) | b;
            }

            return value;
        }

        var number = 0L;
        foreach (var b in field)
        {
            if (b is >= (byte)'0' and <= (byte)'7')
            {
                number = (number << 3) | (uint)(b - '0');
            }
            else if (b is not ((byte)' ' or 0))
            {
                throw new FormatException("it is no tar archive, or damaged: a header holds no number where one belongs");
            }
            else if (number > 0)
            {
                break;
            }
        }

        return number;
    }

    private static void ReadPax(ReadOnlySpan<byte> records, Dictionary<string, byte[]> pax)
    {
        // "27 mtime=1700000000.123\n": the length is of the whole record, itself included.
        while (records.Length > 0)
        {
            var space = records.IndexOf((byte)' ');
            if (space is < 1 or > 10 || !Utf8Parser.TryParse(records[..space], out int length, out var used) || used != space || length <= space + 2 || length > records.Length)
            {
                throw new FormatException("a pax header of the archive is malformed");
            }

            var record = records[(space + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1 || records[length - 1] != '\n')
            {
                throw new FormatException("a pax header of the archive is malformed");
            }

            pax[Encoding.UTF8.GetString(record[..equals])] = record[(equals + 1)..].ToArray();
            records = records[length..];
        }
    }

    private static long Id(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new FormatException("a member of the archive has no valid owner");

    private static (long Seconds, long Nanoseconds) Time(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time) || Math.Abs(time) > 1e12m)
        {
            throw new FormatException("a member of the archive has no valid time");
        }

        var seconds = decimal.Floor(time);
        return ((long)seconds, (long)((time - seconds) * 1_000_000_000m));
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
