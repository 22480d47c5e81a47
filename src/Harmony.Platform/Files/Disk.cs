using System.Runtime.Versioning;
using System.Text;

namespace Harmony.Platform.Files;

/// <summary>
/// The disk, as all other projects see it. Writes are atomic (a reader, or a run after a kill, sees the old content or the new, never a part),
/// private by default (0600, folders 0700), and removal follows no link and crosses no mount.
/// </summary>
public static partial class Disk
{
    /// <summary>Owner reads and writes: 0600.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Owner only, searchable: 0700.</summary>
    public const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    /// <summary>Everybody reads: 0644.</summary>
    public const UnixFileMode Shared = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Everybody reads and executes: 0755.</summary>
    public const UnixFileMode Executable = PrivateFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public static bool FileExists(string path) => File.Exists(path);

    public static bool FolderExists(string path) => Directory.Exists(path);

    /// <summary>Creates the folder and its parents, with this mode where it is new.</summary>
    public static void CreateFolder(string path, UnixFileMode mode = PrivateFolder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            // .NET gives the mode to the last folder only.
            CreateParents(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), mode);
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static void CreateParents(string full, UnixFileMode mode)
    {
        if (Directory.Exists(full))
        {
            return;
        }

        if (Path.GetDirectoryName(full) is { } parent)
        {
            CreateParents(parent, mode);
        }

        Directory.CreateDirectory(full, mode);
    }

    public static string ReadText(string path) => File.ReadAllText(path);

    /// <summary>The file's text, or null where there is no such file.</summary>
    public static string? ReadTextIfPresent(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static byte[] ReadBytes(string path) => File.ReadAllBytes(path);

    public static Stream OpenRead(string path) =>
        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous);

    /// <summary>Opens for writing; the caller chooses <see cref="FileMode.CreateNew"/>, <see cref="FileMode.Append"/> and so on.</summary>
    public static Stream OpenWrite(string path, FileMode mode, UnixFileMode permissions = Private) => Open(path, mode, permissions);

    private static FileStream Open(string path, FileMode mode, UnixFileMode permissions)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows() && mode is not FileMode.Open)
        {
            options.UnixCreateMode = permissions;
        }

        return new FileStream(path, options);
    }

    public static void WriteAtomically(string path, string text, UnixFileMode mode = Private) =>
        WriteAtomically(path, Encoding.UTF8.GetBytes(text), mode);

    /// <summary>Writes beside the file, flushes to the disk, then renames over it. Creates the folder (0700) where it is missing.</summary>
    public static void WriteAtomically(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Private)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        CreateFolder(folder);
        var scratch = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = Open(scratch, FileMode.CreateNew, mode))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(scratch, path, overwrite: true);
        }
        catch
        {
            File.Delete(scratch);
            throw;
        }
    }

    public static void Move(string from, string to, bool overwrite = false) => File.Move(from, to, overwrite);

    public static void MoveFolder(string from, string to) => Directory.Move(from, to);

    /// <summary>Deletes the file; nothing happens where there is none.</summary>
    public static void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }

    public static IEnumerable<string> Files(string folder, string pattern = "*", bool recursive = false) =>
        Directory.EnumerateFiles(folder, pattern, recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly);

    public static IEnumerable<string> Folders(string folder) => Directory.EnumerateDirectories(folder);

    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    public static void CreateLink(string path, string target) => File.CreateSymbolicLink(path, target);

    /// <summary>The file's size in bytes.</summary>
    public static long Size(string path) => new FileInfo(path).Length;
}
