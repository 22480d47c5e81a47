namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>Bytes that this user may still write on the disk that holds the path, which need not exist yet; null where unknown.</summary>
    public static long? FreeSpace(string path) => Space(path, d => d.AvailableFreeSpace);

    /// <summary>Size in bytes of the disk that holds the path, which need not exist yet; null where unknown.</summary>
    public static long? TotalSpace(string path) => Space(path, d => d.TotalSize);

    private static long? Space(string path, Func<DriveInfo, long> read)
    {
        var folder = Path.GetFullPath(path);
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }

        try
        {
            // On Unix a drive is whatever file system holds the path; on Windows, its letter.
            return read(new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
