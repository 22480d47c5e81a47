using System.Text;

namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>When the file was last written, or null where there is none.</summary>
    public static DateTimeOffset? WrittenAt(string path)
    {
        var at = File.GetLastWriteTimeUtc(path);
        return at.Year < 1970 ? null : new DateTimeOffset(at, TimeSpan.Zero);
    }

    /// <summary>Whether anything is here: a file, a folder, a socket, a pipe, a device, or a link that leads nowhere.</summary>
    public static bool Exists(string path) => Path.Exists(path) || LinkTarget(path) is not null;

    /// <summary>Writes the file without waiting for the disk: for what a crash of the machine makes worthless anyway.</summary>
    public static void WriteQuickly(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Private)
    {
        using var stream = Open(path, FileMode.Create, mode);
        stream.Write(content);
    }

    /// <inheritdoc cref="WriteQuickly(string, ReadOnlySpan{byte}, UnixFileMode)"/>
    public static void WriteQuickly(string path, string text, UnixFileMode mode = Private) => WriteQuickly(path, Encoding.UTF8.GetBytes(text), mode);
}
