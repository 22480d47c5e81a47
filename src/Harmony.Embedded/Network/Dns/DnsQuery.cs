using System.Buffers.Binary;
using System.Text;

namespace Harmony.Embedded.Network.Dns;

/// <summary>The kinds of records that the cluster has (RFC 1035, 2782, 3596).</summary>
internal static class DnsType
{
    public const ushort A = 1, Ns = 2, Cname = 5, Soa = 6, Ptr = 12, Txt = 16, Aaaa = 28, Srv = 33, Opt = 41, Any = 255;
}

/// <summary>RFC 1035's RCODEs.</summary>
internal enum DnsCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>
/// One question as it came in. Messages are read and written here and not by a library because those for other zones must pass on unchanged, byte for
/// byte, with all that a library would lose; what is left is little.
/// </summary>
internal sealed record DnsQuery
{
    /// <summary>The whole message.</summary>
    public required ReadOnlyMemory<byte> Message { get; init; }

    /// <summary>The name in lower case, without a dot at its end; empty for the root. A dot inside of a label reads as U+0001, so that it matches nothing.</summary>
    public required string Name { get; init; }

    public required ushort Type { get; init; }

    public required ushort Class { get; init; }

    /// <summary>Where the question ends in the message.</summary>
    public required int QuestionEnd { get; init; }

    /// <summary>The longest answer that the client takes over UDP; null where it speaks no EDNS, which means 512.</summary>
    public int? PayloadSize { get; init; }

    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(Message.Span);

    /// <summary>Reads a message.</summary>
    /// <param name="message">The message, not to be changed afterwards.</param>
    /// <param name="error">What to answer where this is no question; null where nothing may be answered at all.</param>
    public static DnsQuery? Parse(ReadOnlyMemory<byte> message, out DnsCode? error)
    {
        error = null;
        var span = message.Span;
        if (span.Length < 12 || (span[2] & 0x80) != 0)
        {
            return null;
        }

        if ((span[2] & 0x78) != 0)
        {
            error = DnsCode.NotImplemented;
            return null;
        }

        error = DnsCode.FormatError;
        var position = 12;
        if (BinaryPrimitives.ReadUInt16BigEndian(span[4..]) != 1 || ReadName(span, ref position) is not { } name || position + 4 > span.Length)
        {
            return null;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(span[position..]);
        var @class = BinaryPrimitives.ReadUInt16BigEndian(span[(position + 2)..]);
        position += 4;
        error = null;
        return new() { Message = message, Name = name, Type = type, Class = @class, QuestionEnd = position, PayloadSize = FindPayloadSize(span, position) };
    }

    /// <summary>The data of a response's address records of this type, in order.</summary>
    public static IReadOnlyList<byte[]> Addresses(ReadOnlySpan<byte> response, ushort type)
    {
        var addresses = new List<byte[]>();
        var position = 12;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(response[4..]); i > 0; i--)
        {
            if (!SkipName(response, ref position))
            {
                return addresses;
            }

            position += 4;
        }

        for (var i = BinaryPrimitives.ReadUInt16BigEndian(response[6..]); i > 0 && ReadRecord(response, ref position, out var found, out _, out var data); i--)
        {
            if (found == type)
            {
                addresses.Add(data.ToArray());
            }
        }

        return addresses;
    }

    private static int? FindPayloadSize(ReadOnlySpan<byte> span, int position)
    {
        var records = BinaryPrimitives.ReadUInt16BigEndian(span[6..]) + BinaryPrimitives.ReadUInt16BigEndian(span[8..]) + BinaryPrimitives.ReadUInt16BigEndian(span[10..]);
        for (; records > 0 && ReadRecord(span, ref position, out var type, out var @class, out _); records--)
        {
            if (type == DnsType.Opt)
            {
                return @class;
            }
        }

        return null;
    }

    private static bool ReadRecord(ReadOnlySpan<byte> span, ref int position, out ushort type, out ushort @class, out ReadOnlySpan<byte> data)
    {
        type = 0;
        @class = 0;
        data = default;
        if (!SkipName(span, ref position) || position + 10 > span.Length)
        {
            return false;
        }

        type = BinaryPrimitives.ReadUInt16BigEndian(span[position..]);
        @class = BinaryPrimitives.ReadUInt16BigEndian(span[(position + 2)..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(span[(position + 8)..]);
        position += 10;
        if (position + length > span.Length)
        {
            return false;
        }

        data = span.Slice(position, length);
        position += length;
        return true;
    }

    /// <summary>A name without compression; null where it is malformed. Questions have no earlier name that they could point to.</summary>
    private static string? ReadName(ReadOnlySpan<byte> span, ref int position)
    {
        var name = new StringBuilder();
        while (position < span.Length)
        {
            int length = span[position++];
            if (length == 0)
            {
                return name.ToString();
            }

            if (length > 63 || position + length > span.Length || name.Length + length > 254)
            {
                return null;
            }

            if (name.Length > 0)
            {
                name.Append('.');
            }

            foreach (var b in span.Slice(position, length))
            {
                name.Append(b is (byte)'.' ? '\u0001' : char.ToLowerInvariant((char)b));
            }

            position += length;
        }

        return null;
    }

    private static bool SkipName(ReadOnlySpan<byte> span, ref int position)
    {
        while (position < span.Length)
        {
            int length = span[position++];
            switch (length)
            {
                case 0:
                    return true;
                case >= 0xC0:
                    position++;
                    return position <= span.Length;
                default:
                    position += length;
                    break;
            }
        }

        return false;
    }
}
