using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>The cluster IPs of Services: who has which.</summary>
/// <param name="reserved">Addresses that are given only to who asks for them by name: the API's and the DNS server's.</param>
internal sealed class ServiceAddresses(IPNetwork range, IReadOnlyList<IPAddress> reserved)
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, string> taken = [];

    public IPNetwork Range { get; } = range;

    /// <summary>Whether the address is one that a Service can have: not the network's own nor the last.</summary>
    public bool Contains(IPAddress address) =>
        Range.Contains(address) && Number(address) > Number(Range.BaseAddress) && Number(address) < Number(Range.BaseAddress) + Size - 1;

    public bool TryTake(IPAddress address, string owner, out string why)
    {
        lock (gate)
        {
            why = !Contains(address) ? "not in range" : taken.ContainsKey(address) ? "taken" : "";
            return why.Length == 0 && taken.TryAdd(address, owner);
        }
    }

    /// <summary>Any free address; null where there is none.</summary>
    public IPAddress? Take(string owner)
    {
        lock (gate)
        {
            var start = (uint)RandomNumberGenerator.GetInt32(1, (int)Math.Max(2, Math.Min(Size - 1, int.MaxValue)));
            for (uint i = 0; i < Size; i++)
            {
                var offset = (uint)((start + (ulong)i) % Size);
                var bytes = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(bytes, Number(Range.BaseAddress) + offset);
                var address = new IPAddress(bytes);
                if (Contains(address) && !reserved.Contains(address) && taken.TryAdd(address, owner))
                {
                    return address;
                }
            }

            return null;
        }
    }

    public void Give(IPAddress address, string owner)
    {
        lock (gate)
        {
            if (taken.TryGetValue(address, out var holder) && holder == owner)
            {
                taken.Remove(address);
            }
        }
    }

    private uint Size => Range.PrefixLength == 0 ? uint.MaxValue : 1u << (32 - Range.PrefixLength);

    private static uint Number(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
}
