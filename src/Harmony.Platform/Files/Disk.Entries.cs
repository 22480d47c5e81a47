namespace Harmony.Platform.Files;

public static partial class Disk
{
    /// <summary>What is in the folder, itself only, sorted by name.</summary>
    public static IReadOnlyList<DiskEntry> Entries(string folder)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None };
        return
        [
            .. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", options)
                .Select(i => new DiskEntry(Path.Combine(folder, i.Name), i.Name, i is DirectoryInfo, i.LinkTarget is not null))
                .OrderBy(e => e.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The file's bytes, read only as far as the bound and one byte more: a longer answer than the bound means that the file is too large.</summary>
    public static byte[] ReadBytes(string path, int bound)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        // A pipe or a device has no length: read what comes, up to the bound.
        var buffer = new byte[(int)Math.Min(stream.CanSeek ? stream.Length + 1 : 64 * 1024, (long)bound + 1)];
        var length = 0;
        while (length <= bound)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min((long)buffer.Length * 2, (long)bound + 1));
            }

            var read = stream.Read(buffer, length, buffer.Length - length);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        return buffer[..length];
    }

    /// <summary>Whether this is an ordinary file: no folder, pipe, socket or device.</summary>
    public static bool IsOrdinaryFile(string path) => File.Exists(path) && !(OperatingSystem.IsLinux() && IsSpecial(path));

    /// <summary>statx(2) is asked because the runtime tells pipes, sockets and devices from files only once they are open, and opening a pipe waits.</summary>
    private static bool IsSpecial(string path)
    {
        const int atCurrentFolder = -100;
        const uint typeOnly = 1;
        const int modeOffset = 28;
        const ushort typeMask = 0xF000;
        const ushort regular = 0x8000;
        Span<byte> answer = stackalloc byte[256];
        try
        {
            return Libc.Statx(atCurrentFolder, path, 0, typeOnly, answer) == 0
                && (BitConverter.ToUInt16(answer[modeOffset..]) & typeMask) != regular;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }
}

/// <summary>One entry of a folder. A link to a folder counts as a folder and as a link.</summary>
public readonly record struct DiskEntry(string Path, string Name, bool IsFolder, bool IsLink);
