using System.Globalization;
using System.Runtime.InteropServices;
using Harmony.Benchmarks.Subjects;

namespace Harmony.Benchmarks;

/// <summary>What one must know to compare two reports.</summary>
internal static class Machine
{
    public static async Task<IReadOnlyDictionary<string, string>> DescribeAsync(Bench bench) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        ["machine"] = $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GB, {RuntimeInformation.OSDescription}",
        ["load"] = Load,
        ["harmony"] = await VersionAsync(bench, bench.Harmony.Path, "--version"),
        ["docker"] = await VersionAsync(bench, "docker", "--version"),
        ["dockerd"] = await VersionAsync(bench, "dockerd", "--version"),
        ["compose"] = DockerDaemon.Compose is { } words ? await VersionAsync(bench, words[0], [.. words.Skip(1), "version"]) : "not installed",
        ["kubectl"] = await VersionAsync(bench, "kubectl", "version", "--client"),
    };

    /// <summary>The mean number of processes that wanted a core, over the last minute.</summary>
    private static string Load => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    private static async Task<string> VersionAsync(Bench bench, string program, params string[] arguments) => Installed.Find(program) is null
        ? "not installed"
        : (await Launched.RunAsync(program, arguments, null, bench.Cancellation)).Output.Split('\n')[0].Trim();
}
