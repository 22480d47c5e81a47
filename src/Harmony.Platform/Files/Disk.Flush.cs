namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>Returns when what was written to a file that <see cref="OpenWrite"/> opened is on the disk, not only on its way there.</summary>
    public static void FlushToDisk(Stream file) => ((FileStream)file).Flush(flushToDisk: true);
}
