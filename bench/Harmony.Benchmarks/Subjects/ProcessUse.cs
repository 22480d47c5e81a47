using System.Diagnostics;
using System.Globalization;

namespace Harmony.Benchmarks.Subjects;

/// <summary>What processes take, from Linux' <c>/proc</c>.</summary>
internal static class ProcessUse
{
    /// <summary>The processes whose command line has this text.</summary>
    public static IReadOnlyList<int> Find(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, CultureInfo.InvariantCulture))
            .Where(pid => Read(pid, "cmdline").Replace('\0', ' ').Contains(text, StringComparison.Ordinal)),
    ];

    /// <summary>Resident memory, in MB of 1,000,000 bytes.</summary>
    public static double Resident(int pid) => Line(pid, "VmRSS:") / 1000 * 1.024;

    /// <summary>Resident memory in MB of 1,000,000 bytes; pages that several processes share count in parts, so that a sum counts them once.</summary>
    public static double Proportional(int pid) => Line(pid, "Pss:", "smaps_rollup") / 1000 * 1.024;

    /// <summary>Runs a program and watches its largest resident memory, in MB, as closely as this process can look.</summary>
    public static double LargestResident(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var largest = 0.0;
        while (!process.HasExited)
        {
            largest = Math.Max(largest, Line(process.Id, "VmHWM:") / 1000 * 1.024);
        }

        return largest;
    }

    /// <summary>The share of one core that these processes take together over a time, in percent.</summary>
    public static async Task<double> BusyAsync(IReadOnlyList<int> processes, TimeSpan time, CancellationToken cancellation)
    {
        var before = processes.Sum(Seconds);
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(time, cancellation);
        return 100 * (processes.Sum(Seconds) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>User and system time since its start, of threads that have ended too; counted in hundredths of a second.</summary>
    private static double Seconds(int pid) =>
        Read(pid, "stat") is { Length: > 0 } stat && stat[(stat.LastIndexOf(')') + 2)..].Split(' ') is { Length: > 12 } fields
            ? (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100
            : 0;

    /// <summary>A number of <c>status</c> or a file like it, in KiB; 0 where the process is gone.</summary>
    private static double Line(int pid, string name, string file = "status") => Read(pid, file).Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line
        ? double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
        : 0;

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
