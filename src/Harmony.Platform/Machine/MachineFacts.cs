using System.Runtime.InteropServices;
using Harmony.Platform.Files;
using Processor = System.Runtime.InteropServices.Architecture;

namespace Harmony.Platform.Machine;

/// <summary>What kind of machine this is.</summary>
/// <param name="OperatingSystemName"><c>linux</c>, <c>darwin</c> or <c>windows</c>, as release files are named.</param>
/// <param name="Architecture"><c>amd64</c>, <c>arm64</c> and so on, as Go and OCI call it.</param>
public sealed record MachineFacts(string OperatingSystemName, string Architecture)
{
    /// <summary>Whether this is the Windows Subsystem for Linux.</summary>
    public bool IsWsl { get; init; }

    /// <summary>Whether this is the inside of a container.</summary>
    public bool IsContainer { get; init; }

    /// <summary>Another one after every boot of the machine; empty where the system has none.</summary>
    public static string BootId { get; } = OperatingSystem.IsLinux() ? Disk.ReadTextIfPresent("/proc/sys/kernel/random/boot_id")?.Trim() ?? "" : "";

    public static MachineFacts Read() => new(
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux",
        GoName(RuntimeInformation.OSArchitecture))
    {
        IsWsl = OperatingSystem.IsLinux()
            && (Disk.ReadTextIfPresent("/proc/sys/kernel/osrelease") ?? "").Contains("microsoft", StringComparison.OrdinalIgnoreCase),
        IsContainer = OperatingSystem.IsLinux()
            && (Disk.FileExists("/.dockerenv") || Disk.FileExists("/run/.containerenv") || Environment.GetEnvironmentVariable("container") is { Length: > 0 }),
    };

    internal static string GoName(Processor architecture) => architecture switch
    {
        Processor.X64 => "amd64",
        Processor.X86 => "386",
        Processor.LoongArch64 => "loong64",
        Processor.Ppc64le => "ppc64le",
        var other => other.ToString().ToLowerInvariant(),
    };
}
