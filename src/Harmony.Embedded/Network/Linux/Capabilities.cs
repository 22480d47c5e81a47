using System.Globalization;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Network.Linux;

/// <summary>What this process may do to the machine's network.</summary>
internal static class Capabilities
{
    private const int NetworkAdministration = 12, SystemAdministration = 21;

    /// <summary>Null where bridges and network namespaces may be made; else why not.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "this is not Linux";
        }

        if (LibC.EffectiveUser() != 0)
        {
            return "harmony does not run as root";
        }

        var line = Disk.ReadText("/proc/self/status").Split('\n').FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        if (line is null || !ulong.TryParse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set))
        {
            return null;
        }

        return (set >> NetworkAdministration & 1) == 0 ? "the capability CAP_NET_ADMIN is missing"
            : (set >> SystemAdministration & 1) == 0 ? "the capability CAP_SYS_ADMIN is missing"
            : null;
    }
}
