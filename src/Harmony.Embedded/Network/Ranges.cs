using System.Buffers.Binary;
using System.Net;

namespace Harmony.Embedded.Network;

/// <summary>Arithmetic on IPv4 ranges.</summary>
internal static class Ranges
{
    public static uint Number(this IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    public static IPAddress Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new(bytes);
    }

    /// <summary>The address at this place of a range; 0 is the range's own.</summary>
    public static IPAddress At(this IPNetwork range, int place) => Address(range.BaseAddress.Number() + (uint)place);

    /// <summary>How many addresses the range has, at most 2³¹-1.</summary>
    public static int Size(this IPNetwork range) => (int)Math.Min(1L << (32 - range.PrefixLength), int.MaxValue);

    public static IPNetwork Around(IPAddress address, int prefix) =>
        new(Address(prefix == 0 ? 0 : address.Number() & (uint.MaxValue << (32 - prefix))), prefix);

    public static bool Overlaps(this IPNetwork range, IPNetwork other) => range.Contains(other.BaseAddress) || other.Contains(range.BaseAddress);
}
