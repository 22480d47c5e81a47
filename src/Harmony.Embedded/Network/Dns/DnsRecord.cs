using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Harmony.Embedded.Network.Dns;

/// <summary>One resource record of class IN.</summary>
/// <param name="Name">Its owner, without a dot at the end.</param>
/// <param name="Ttl">Seconds.</param>
/// <param name="Data">RDATA as it goes over the wire, names in it uncompressed.</param>
internal sealed record DnsRecord(string Name, ushort Type, uint Ttl, byte[] Data)
{
    /// <summary>Pods come and go: answers are good for five seconds, as CoreDNS' are.</summary>
    public const uint ShortTtl = 5;

    public static DnsRecord Address(string name, IPAddress address) => new(name, DnsType.A, ShortTtl, address.GetAddressBytes());

    public static DnsRecord Cname(string name, string target) => new(name, DnsType.Cname, ShortTtl, EncodeName(target));

    public static DnsRecord Ptr(string name, string target) => new(name, DnsType.Ptr, ShortTtl, EncodeName(target));

    public static DnsRecord Ns(string name, string target) => new(name, DnsType.Ns, ShortTtl, EncodeName(target));

    public static DnsRecord Txt(string name, string text) => new(name, DnsType.Txt, ShortTtl, [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);

    public static DnsRecord Srv(string name, int weight, int port, string target)
    {
        var head = new byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)weight);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(4), (ushort)port);
        return new(name, DnsType.Srv, ShortTtl, [.. head, .. EncodeName(target)]);
    }

    /// <summary>The zone's own record; beside a negative answer it says for how long that is good.</summary>
    public static DnsRecord Soa(string zone)
    {
        var tail = new byte[20];
        uint[] numbers = [1, 7200, 1800, 86400, ShortTtl];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(tail.AsSpan(i * 4), numbers[i]);
        }

        return new(zone, DnsType.Soa, ShortTtl, [.. EncodeName($"ns.dns.{zone}"), .. EncodeName($"hostmaster.{zone}"), .. tail]);
    }

    /// <summary>A name in labels. One that is no name (a hostile <c>externalName</c>) reads as the root.</summary>
    public static byte[] EncodeName(string name)
    {
        var bytes = new List<byte>(name.Length + 2);
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (label.Length > 63 || bytes.Count + label.Length > 253)
            {
                return [0];
            }

            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(label));
        }

        bytes.Add(0);
        return [.. bytes];
    }
}
