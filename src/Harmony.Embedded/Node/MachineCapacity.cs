using System.Globalization;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node;

/// <summary>What this machine has for pods.</summary>
/// <param name="Memory">Bytes.</param>
/// <param name="Disk">Bytes, of the disk that holds the data folder.</param>
internal sealed record MachineCapacity(int Processors, long Memory, long Disk)
{
    public const int MostPods = 220;

    public static MachineCapacity Read(string folder) =>
        new(Environment.ProcessorCount, ReadMemory(), Platform.Files.Disk.TotalSpace(folder) ?? 0);

    /// <summary>How much there is of a resource by its Kubernetes name.</summary>
    public decimal Of(string resource) => resource switch
    {
        "cpu" => Processors,
        "memory" => Memory,
        "ephemeral-storage" => Disk,
        _ => 0,
    };

    private static long ReadMemory()
    {
        foreach (var line in (Platform.Files.Disk.ReadTextIfPresent("/proc/meminfo") ?? "").Split('\n'))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal)
                && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes))
            {
                return kibibytes * 1024;
            }
        }

        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }
}
