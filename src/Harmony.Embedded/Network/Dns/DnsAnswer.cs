using System.Buffers.Binary;

namespace Harmony.Embedded.Network.Dns;

/// <summary>What the cluster knows about a question.</summary>
internal sealed record DnsAnswer(DnsCode Code, IReadOnlyList<DnsRecord> Records)
{
    /// <summary>The zone's SOA for negative answers.</summary>
    public DnsRecord? Authority { get; init; }

    /// <summary>Addresses of what SRV records point to.</summary>
    public IReadOnlyList<DnsRecord> Additional { get; init; } = [];

    /// <summary>A name outside of the cluster whose addresses belong to the answer.</summary>
    public string? Outside { get; init; }

    /// <summary>The answer as a message.</summary>
    /// <param name="query">What it answers.</param>
    /// <param name="limit">The longest message that may be sent; what does not fit is left out, and the message says so (TC).</param>
    public byte[] ToMessage(DnsQuery query, int limit)
    {
        var body = new MemoryStream(512);
        Span<byte> head = stackalloc byte[12];
        var span = query.Message.Span;
        span[..2].CopyTo(head);

        // A response, by one who is in charge, recursion available; the client's own "recursion desired" is repeated.
        head[2] = (byte)(0x84 | (span[2] & 0x01));
        head[3] = (byte)(0x80 | (span[3] & 0x10) | (int)Code);
        head[5] = 1;
        body.Write(head);
        body.Write(span[12..query.QuestionEnd]);
        var room = limit - (query.PayloadSize is null ? 0 : 11);
        var answers = Write(body, query, Records, room);
        var truncated = answers < Records.Count;
        var authorities = truncated || Authority is null ? 0 : Write(body, query, [Authority], room);
        var additional = truncated ? 0 : Write(body, query, Additional, room);
        if (query.PayloadSize is not null)
        {
            // EDNS is answered with EDNS (RFC 6891): the root's name, OPT, our own payload size, nothing else.
            body.Write([0, 0, (byte)DnsType.Opt, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]);
            additional++;
        }

        var message = body.ToArray();
        if (truncated)
        {
            message[2] |= 0x02;
        }

        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)answers);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(8), (ushort)authorities);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)additional);
        return message;
    }

    /// <summary>An answer to what could not be read as a question: the header alone.</summary>
    public static byte[] Failure(ReadOnlySpan<byte> message, DnsCode code) =>
        [message[0], message[1], (byte)(0x80 | (message[2] & 0x79)), (byte)(0x80 | (int)code), 0, 0, 0, 0, 0, 0, 0, 0];

    private static int Write(MemoryStream body, DnsQuery query, IReadOnlyList<DnsRecord> records, int limit)
    {
        var written = 0;
        Span<byte> middle = stackalloc byte[10];
        foreach (var record in records)
        {
            // The question's own name is pointed to, its case kept; others are written out.
            byte[] name = record.Name == query.Name ? [0xC0, 12] : DnsRecord.EncodeName(record.Name);
            if (body.Length + name.Length + middle.Length + record.Data.Length > limit)
            {
                break;
            }

            BinaryPrimitives.WriteUInt16BigEndian(middle, record.Type);
            BinaryPrimitives.WriteUInt16BigEndian(middle[2..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(middle[4..], record.Ttl);
            BinaryPrimitives.WriteUInt16BigEndian(middle[8..], (ushort)record.Data.Length);
            body.Write(name);
            body.Write(middle);
            body.Write(record.Data);
            written++;
        }

        return written;
    }
}
