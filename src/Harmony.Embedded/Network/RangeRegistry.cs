using System.Net;
using Harmony.Embedded.Network.Linux;
using Harmony.Platform.Files;
using Harmony.Platform.Locks;

namespace Harmony.Embedded.Network;

/// <summary>
/// Which embedded runtime of this machine has which range: a file each, <c>range newline data folder</c>, that counts as long as the data folder
/// has a <c>network.json</c>. To be used under its lock, one runtime of the machine at a time.
/// </summary>
internal static class RangeRegistry
{
    /// <summary>Where to look, in order: corners of the private ranges that neither Docker, k3s, home routers nor most companies take by default.</summary>
    private static readonly (string Start, string End)[] s_corners =
        [("10.200.0.0", "10.254.255.255"), ("172.28.0.0", "172.31.255.255"), ("192.168.160.0", "192.168.255.255"), ("198.18.0.0", "198.19.255.255"), ("100.100.0.0", "100.127.255.255")];

    /// <exception cref="LockException">Another runtime holds it, for ten seconds already.</exception>
    public static Task<FileLock> LockAsync(CancellationToken cancellation) =>
        FileLock.AcquireAsync($"{Instance.RunFolder}/lock", "setting up a cluster's network", TimeSpan.FromSeconds(10), cancellation);

    /// <summary>Takes this range, unless another instance holds a part of it.</summary>
    public static bool TryTake(Instance instance, string dataFolder, IPNetwork range)
    {
        if (Leases(instance).Any(l => l.Overlaps(range)))
        {
            return false;
        }

        Take(instance, dataFolder, range);
        return true;
    }

    /// <summary>Takes the first free range, beginning at a place of the instance's own.</summary>
    /// <exception cref="NetworkException">None is free.</exception>
    public static IPNetwork TakeFree(Instance instance, string dataFolder, RouteTable routes, int prefix)
    {
        var bridge = routes.FindLink(instance.Bridge)?.Index;
        var used = Leases(instance)
            .Concat(routes.Addresses().Where(a => a.Index != bridge).Select(a => a.Network))
            .Concat(routes.Routes().Where(r => r.Destination.PrefixLength > 0 && r.Index != bridge).Select(r => r.Destination))
            .ToList();
        foreach (var range in Candidates(instance.Number, prefix))
        {
            if (!used.Any(u => u.Overlaps(range)))
            {
                Take(instance, dataFolder, range);
                return range;
            }
        }

        throw new NetworkException(
            NetworkError.RangeExhausted,
            "Every private address range that pods could use is taken by this machine's addresses, routes or other runtimes",
            "Look at `ip route`: a VPN that routes 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 must be narrowed or disconnected.");
    }

    /// <summary>The instances whose data folders are gone.</summary>
    public static IEnumerable<Instance> Orphans() => All().Where(l => !l.IsKept).Select(l => l.Instance);

    /// <summary>All ranges to try, each once, beginning at the <paramref name="start"/>th of a corner.</summary>
    internal static IEnumerable<IPNetwork> Candidates(uint start, int prefix)
    {
        foreach (var (from, to) in s_corners)
        {
            var first = IPAddress.Parse(from).Number();
            var count = (uint)((IPAddress.Parse(to).Number() - first + 1L) >> (32 - prefix));
            for (uint i = 0; i < count; i++)
            {
                yield return new(Ranges.Address(first + ((start % count + i) % count << (32 - prefix))), prefix);
            }
        }
    }

    private static void Take(Instance instance, string dataFolder, IPNetwork range) =>
        Disk.WriteAtomically(instance.Lease, $"{range}\n{Path.GetFullPath(dataFolder)}\n");

    private static IEnumerable<IPNetwork> Leases(Instance except) => All().Where(l => l.IsKept && l.Instance != except).Select(l => l.Range);

    private static IEnumerable<(Instance Instance, IPNetwork Range, bool IsKept)> All()
    {
        foreach (var folder in Disk.Folders(Instance.RunFolder))
        {
            if (Disk.ReadTextIfPresent(Path.Combine(folder, "lease"))?.Split('\n') is [var range, var data, ..] && IPNetwork.TryParse(range, out var network))
            {
                yield return (new(Path.GetFileName(folder)), network, Disk.FileExists(Path.Combine(data, "network.json")));
            }
        }
    }
}
