using System.IO.Compression;
using System.Security.Cryptography;
using Harmony.Platform;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>An archive as it comes (gzip, zstd or plain, told by its first bytes), uncompressed and hashed on the way.</summary>
internal sealed class LayerStream : SequentialStream
{
    private readonly Stream _inner;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long _bound;
    private long _read;

    private LayerStream(Stream inner, long bound)
    {
        _inner = inner;
        _bound = bound;
    }

    public override bool CanRead => true;

    /// <param name="bound">More uncompressed bytes than these are refused.</param>
    public static LayerStream Open(Stream source, long bound)
    {
        var buffered = new BufferedStream(source, 128 * 1024);
        var magic = new byte[4];
        var read = buffered.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        Stream whole = new PrefixedStream(magic.AsMemory(0, read), buffered);
        return new(
            magic is [0x1f, 0x8b, ..] ? new GZipStream(whole, CompressionMode.Decompress)
                : magic is [0x28, 0xb5, 0x2f, 0xfd] ? new ZstdSharp.DecompressionStream(whole)
                : whole,
            bound);
    }

    /// <summary>Reads to the end, where an archive may have padding, and returns the digest of all that was uncompressed.</summary>
    public string Finish()
    {
        var buffer = new byte[32 * 1024];
        while (Read(buffer) > 0)
        {
        }

        return "sha256:" + Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = _inner.Read(buffer);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException)
        {
            throw new FormatException($"the archive does not uncompress: {e.Message}", e);
        }

        _read += read;
        if (_read > _bound)
        {
            throw new FormatException($"the archive is larger than {_bound >> 20} MiB when uncompressed");
        }

        _hash.AppendData(buffer[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The bytes that were looked at, then the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : SequentialStream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.Length == 0)
            {
                return rest.Read(buffer);
            }

            var read = Math.Min(_prefix.Length, buffer.Length);
            _prefix.Span[..read].CopyTo(buffer);
            _prefix = _prefix[read..];
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                rest.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
