using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Network.Dns;

/// <summary>
/// The machine's own resolvers, read again now and then, for a laptop changes networks. A local stub such as systemd-resolved's 127.0.0.53 is asked
/// like any other: questions leave from the machine's own network, where it answers.
/// </summary>
internal sealed class HostResolvers(IPAddress own, TimeProvider time, string file = "/etc/resolv.conf")
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private IReadOnlyList<IPEndPoint> _resolvers = [];
    private long? _read;

    /// <summary>The resolvers in the order they are to be asked, at most three as in the C library; without our own, which would ask us for ever.</summary>
    public IReadOnlyList<IPEndPoint> Current()
    {
        lock (_lock)
        {
            if (_read is not { } read || time.GetElapsedTime(read) >= s_fresh)
            {
                _read = time.GetTimestamp();
                _resolvers = Read();
            }

            return _resolvers;
        }
    }

    private List<IPEndPoint> Read()
    {
        try
        {
            var addresses = OperatingSystem.IsWindows()
                ? NetworkInterface.GetAllNetworkInterfaces().Where(i => i.OperationalStatus is OperationalStatus.Up).SelectMany(i => i.GetIPProperties().DnsAddresses)
                : Parse(Disk.ReadTextIfPresent(file) ?? "");
            return [.. addresses.Where(a => !a.Equals(own)).Distinct().Take(3).Select(a => new IPEndPoint(a, 53))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkInformationException)
        {
            return [];
        }
    }

    private static IEnumerable<IPAddress> Parse(string text) => text.Split('\n')
        .Select(l => l.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
        .Where(w => w is ["nameserver", ..] && w.Length > 1)
        .Select(w => IPAddress.TryParse(w[1], out var address) ? address : null)
        .OfType<IPAddress>()
        .Where(a => a.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6);
}
