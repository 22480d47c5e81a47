using System.Security.Cryptography;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>The node ports of Services: who has which.</summary>
internal sealed class NodePorts
{
    private const int First = 30000;
    private const int Last = 32767;
    private readonly Lock gate = new();
    private readonly Dictionary<int, string> taken = [];

    public bool TryTake(int port, string owner, out string why)
    {
        lock (gate)
        {
            why = port is < First or > Last ? $"provided port is not in the valid range. The range of valid ports is {First}-{Last}"
                : taken.ContainsKey(port) ? "provided port is already allocated" : "";
            return why.Length == 0 && taken.TryAdd(port, owner);
        }
    }

    /// <summary>Any free port; null where there is none.</summary>
    public int? Take(string owner)
    {
        lock (gate)
        {
            const int Size = Last - First + 1;
            var start = RandomNumberGenerator.GetInt32(Size);
            for (var i = 0; i < Size; i++)
            {
                var port = First + ((start + i) % Size);
                if (taken.TryAdd(port, owner))
                {
                    return port;
                }
            }

            return null;
        }
    }

    public void Give(int port, string owner)
    {
        lock (gate)
        {
            if (taken.TryGetValue(port, out var holder) && holder == owner)
            {
                taken.Remove(port);
            }
        }
    }
}
