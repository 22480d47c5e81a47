using System.Security.Cryptography;
using System.Text;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node;

/// <summary>Tells the embedded runtimes of one machine, and its boots, from each other.</summary>
internal static class NodeInstance
{
    /// <summary>Eight characters that stand for this data folder in names that are the machine's, such as cgroups'.</summary>
    public static string Of(string dataFolder) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(dataFolder).TrimEnd('/'))).AsSpan(0, 4));

    /// <summary>Another one after every boot of the machine; empty where the system has none.</summary>
    public static string BootId() => Disk.ReadTextIfPresent("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";
}
