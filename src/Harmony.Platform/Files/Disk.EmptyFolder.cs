namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>Removes the folder if nothing is in it; otherwise, and where there is none, nothing happens.</summary>
    public static void DeleteEmptyFolder(string path)
    {
        try
        {
            Directory.Delete(path, recursive: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not empty, not there, or not ours: it stays.
        }
    }
}
