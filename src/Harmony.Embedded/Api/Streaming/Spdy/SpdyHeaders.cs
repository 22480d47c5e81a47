using System.Buffers.Binary;
using System.Text;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace Harmony.Embedded.Api.Streaming.Spdy;

/// <summary>Header blocks: pairs of names and values, in one zlib stream for all blocks of a direction.</summary>
internal sealed class SpdyHeaders
{
    private const int LargestBlock = 64 * 1024;
    private const int MostPairs = 256;
    private readonly Inflater inflater = new();
    private bool begun;

    /// <exception cref="InvalidDataException">The block is broken, or larger than headers are.</exception>
    public Dictionary<string, string> Read(ReadOnlySpan<byte> compressed)
    {
        var block = Inflate(compressed);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var rest = block.AsSpan();
        var count = ReadLength(ref rest, MostPairs);
        for (var i = 0; i < count; i++)
        {
            var name = ReadText(ref rest);
            // Several values of one name are separated by a zero.
            headers[name] = ReadText(ref rest).Split('\0')[0];
        }

        return headers;
    }

    /// <summary>
    /// A block without headers: nothing more is to be said in a reply. It is stored, not compressed, and ends in an empty stored block: Go's
    /// reader hands on what it has only there, and SharpZipLib's Deflater does not flush in that way.
    /// </summary>
    public byte[] WriteEmpty()
    {
        byte[] block = [0x00, 0x04, 0x00, 0xFB, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF];
        var first = !begun;
        begun = true;
        // The zlib stream begins once, without a dictionary: stored bytes need none.
        return first ? [0x78, 0x01, .. block] : block;
    }

    private byte[] Inflate(ReadOnlySpan<byte> compressed)
    {
        try
        {
            inflater.SetInput(compressed.ToArray());
            using var stream = new MemoryStream();
            var buffer = new byte[4096];
            while (true)
            {
                var count = inflater.Inflate(buffer);
                stream.Write(buffer, 0, count);
                if (stream.Length > LargestBlock)
                {
                    throw new InvalidDataException("a block of headers is larger than 64 KiB");
                }

                if (count == 0)
                {
                    if (!inflater.IsNeedingDictionary)
                    {
                        return stream.ToArray();
                    }

                    inflater.SetDictionary(SpdyDictionary.Bytes);
                }
            }
        }
        catch (SharpZipBaseException e)
        {
            throw new InvalidDataException("a block of headers cannot be decompressed", e);
        }
    }

    private static string ReadText(ref Span<byte> rest)
    {
        var length = ReadLength(ref rest, rest.Length);
        if (length > rest.Length)
        {
            throw new InvalidDataException("a block of headers is cut off");
        }

        var text = Encoding.UTF8.GetString(rest[..length]);
        rest = rest[length..];
        return text;
    }

    private static int ReadLength(ref Span<byte> rest, int most)
    {
        if (rest.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(rest) is var length && (length < 0 || length > most))
        {
            throw new InvalidDataException("a block of headers is cut off");
        }

        rest = rest[4..];
        return length;
    }
}
