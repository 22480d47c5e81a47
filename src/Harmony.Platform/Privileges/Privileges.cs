using System.Globalization;

namespace Harmony.Platform.Privileges;

/// <summary>What this process may do. Source: capabilities(7), <c>CapEff</c> in <c>/proc/self/status</c>.</summary>
/// <param name="IsRoot">Root on Unix, an elevated administrator on Windows.</param>
/// <param name="Capabilities">The effective capabilities as a bit set; none elsewhere than on Linux.</param>
public sealed record Privileges(bool IsRoot, ulong Capabilities)
{
    public static Privileges Read() =>
        new(Environment.IsPrivilegedProcess, OperatingSystem.IsLinux() ? ParseStatus(Files.Disk.ReadTextIfPresent("/proc/self/status") ?? "") : 0);

    public bool Has(Capability capability) => (Capabilities & (1UL << (int)capability)) != 0;

    internal static ulong ParseStatus(string status)
    {
        const string field = "CapEff:";
        var line = status.Split('\n').FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(line.AsSpan(field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var set) ? set : 0;
    }
}

/// <summary>Linux capabilities by their bit, those that harmony asks about.</summary>
public enum Capability
{
    Chown = 0,
    Kill = 5,
    NetBindService = 10,
    NetAdmin = 12,
    SysChroot = 18,
    SysAdmin = 21,
    SysResource = 24,
    MakeNode = 27,
}
