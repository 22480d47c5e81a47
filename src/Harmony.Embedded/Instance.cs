using System.Security.Cryptography;
using System.Text;

namespace Harmony.Embedded;

/// <summary>
/// What one embedded runtime's things on this machine are called. All names derive from its data folder, so that a later process finds what a
/// killed one left, and several runtimes do not meet.
/// </summary>
/// <param name="Id">Six letters and digits.</param>
internal sealed record Instance(string Id)
{
    /// <summary>Where all instances keep what must not outlive the machine's uptime.</summary>
    public const string RunFolder = "/run/harmony";

    public string Bridge => $"hmy{Id}";

    /// <summary>The prefix of the host's ends of the pods' interfaces; a number of at most five digits follows (names are at most 15 long).</summary>
    public string LinkPrefix => $"hmy{Id}-";

    public string Table => $"harmony_{Id}";

    public string Folder => $"{RunFolder}/{Id}";

    /// <summary>A file for each pod: <c>{uid}@{address}</c>.</summary>
    public string Pods => $"{Folder}/pods";

    /// <summary>The network namespace that the Services' addresses live in.</summary>
    public string ServiceNamespace => $"{Folder}/services";

    public string ServiceLink => LinkPrefix + "svc";

    /// <summary>The cgroup that all its containers live beneath.</summary>
    public string Cgroup => $"/harmony-{Id}";

    public string Lease => $"{Folder}/lease";

    /// <summary>Evenly spread over all numbers: where the search for a free range begins.</summary>
    public uint Number => BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(Id)));

    public static Instance Of(string dataFolder)
    {
        const string alphabet = "abcdefghijklmnopqrstuvwxyz234567";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder))));
        return new(string.Concat(hash.Take(6).Select(b => alphabet[b & 31])));
    }

    /// <summary>A MAC address, locally administered, the same each time for the same address.</summary>
    public static byte[] Mac(System.Net.IPAddress address) => [0x0a, 0x58, .. address.GetAddressBytes()];
}
