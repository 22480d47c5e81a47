using System.Globalization;
using System.Net.NetworkInformation;
using Harmony.Platform.Processes;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>What an embedded runtime has on this machine beside its files.</summary>
internal static class Leftovers
{
    private const string Run = "/run/harmony";

    /// <summary>What is there of this home; empty after <c>runtime stop</c>.</summary>
    public static async Task<IReadOnlyList<string>> FindAsync(string home, CancellationToken cancellation)
    {
        var found = Processes(home).Select(p => $"process {p}: {CommandLine(p)}").ToList();
        if (!OperatingSystem.IsLinux())
        {
            return found;
        }

        found.AddRange(Mounts(home).Select(m => $"mount {m}"));
        if (InstanceOf(home) is { } instance)
        {
            found.AddRange(NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Where(n => n.StartsWith($"hmy{instance}", StringComparison.Ordinal)).Select(n => $"interface {n}"));
            found.AddRange(Directory.EnumerateFileSystemEntries(Path.Combine(Run, instance)).Where(e => Path.GetFileName(e) != "lease").Select(e => $"file {e}"));
            if (Programs.Find("nft") is { } nft)
            {
                var tables = await new CommandRunner().TryRunAsync(Command.Of(nft, "list", "tables"), cancellation);
                found.AddRange(tables.Output.Split('\n').Where(t => t.Contains($"harmony_{instance}", StringComparison.Ordinal)).Select(t => $"nft {t}"));
            }
        }

        return found;
    }

    /// <summary>What a power cut leaves: files, and nothing else. (The machine's boot id stays, and control groups do.)</summary>
    public static async Task CutPowerAsync(string home, CancellationToken cancellation)
    {
        var commands = new CommandRunner();
        while (Processes(home) is { Count: > 0 } running)
        {
            foreach (var process in running)
            {
                Signals.TrySend(process, Signals.Kill);
            }

            await Task.Delay(20, cancellation);
        }

        while (Mounts(home) is { Count: > 0 } mounts)
        {
            await commands.RunAsync(Command.Of("umount", "-l", mounts[0]), cancellation);
        }

        if (InstanceOf(home) is { } instance)
        {
            foreach (var link in NetworkInterface.GetAllNetworkInterfaces().Where(i => i.Name.StartsWith($"hmy{instance}", StringComparison.Ordinal)))
            {
                await commands.TryRunAsync(Command.Of("ip", "link", "delete", link.Name), cancellation);
            }

            await commands.TryRunAsync(Command.Of("nft", "delete", "table", "inet", $"harmony_{instance}"), cancellation);
            await commands.TryRunAsync(Command.Of("nft", "delete", "table", "ip", $"harmony_{instance}"), cancellation);
            foreach (var space in ReadOrEmpty("/proc/self/mountinfo").Split('\n').Select(l => l.Split(' ')).Where(f => f.Length > 4 && f[4].StartsWith($"{Run}/{instance}/", StringComparison.Ordinal)).Select(f => f[4]))
            {
                await commands.RunAsync(Command.Of("umount", "-l", space), cancellation);
            }

            Directory.Delete(Path.Combine(Run, instance), recursive: true);
        }
    }

    /// <summary>Everything that runs of this home: harmony's own processes, and its containers'.</summary>
    public static IReadOnlyList<int> Processes(string home) =>
        [.. Own(home).Concat(Containers(home)).Distinct()];

    /// <summary>The processes whose environment names the home, and the programs that they started.</summary>
    public static IEnumerable<int> Own(string home) => All().Where(p => p != Environment.ProcessId
        && ReadOrEmpty($"/proc/{p}/environ").Split('\0').Contains($"HARMONY_HOME={home}") && !IsZombie(p));

    /// <summary>The processes whose root is an image that the home holds.</summary>
    public static IEnumerable<int> Containers(string home) => All().Where(p =>
        ReadOrEmpty($"/proc/{p}/mountinfo").Split('\n').Any(l => l.Split(' ') is { Length: > 4 } f && f[4] == "/" && l.Contains($"upperdir={home}/", StringComparison.Ordinal)) && !IsZombie(p));

    /// <summary>Where something is mounted below the home, the deepest first.</summary>
    public static IReadOnlyList<string> Mounts(string home) =>
        [.. ReadOrEmpty("/proc/self/mountinfo").Split('\n').Select(l => l.Split(' ')).Where(f => f.Length > 4 && f[4].StartsWith(home + "/", StringComparison.Ordinal)).Select(f => f[4]).OrderByDescending(m => m.Length)];

    /// <summary>The letters in the names of its interfaces and rules; null where it never had any.</summary>
    public static string? InstanceOf(string home) => !Directory.Exists(Run) ? null : Directory.EnumerateDirectories(Run)
        .FirstOrDefault(f => ReadOrEmpty(Path.Combine(f, "lease")).Contains(home + "/", StringComparison.Ordinal)) is { } folder ? Path.GetFileName(folder) : null;

    public static string CommandLine(int process) => ReadOrEmpty($"/proc/{process}/cmdline").Replace('\0', ' ');

    private static bool IsZombie(int process)
    {
        var stat = ReadOrEmpty($"/proc/{process}/stat");
        return stat.Length == 0 || stat[(stat.LastIndexOf(')') + 2)..].StartsWith('Z');
    }

    private static IEnumerable<int> All() => !Directory.Exists("/proc") ? [] : Directory.EnumerateDirectories("/proc")
        .Select(f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0);

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
