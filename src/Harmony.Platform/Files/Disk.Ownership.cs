using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Harmony.Platform.Files;

public static partial class Disk
{
    private const int StatxBasic = 0x7ff;
    private const int NoFollow = 0x100;
    private const int AtCurrentFolder = -100;
    private const int StatxSize = 256;

    /// <summary>
    /// Whether the file or folder is this user's own, is no link, and nobody else may write to it: what is in it can be believed.
    /// On Windows the user's profile is private by its own rules, and the answer is yes.
    /// </summary>
    public static bool IsWritableByOwnerOnly(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        var info = new FileInfo(path);
        const UnixFileMode others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        if (info.LinkTarget is not null || (File.GetUnixFileMode(path) & others) != UnixFileMode.None)
        {
            return false;
        }

        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        // struct statx is the same on every processor; stx_uid is at 20.
        Span<byte> buffer = stackalloc byte[StatxSize];
        return Statx(AtCurrentFolder, path, NoFollow, StatxBasic, ref MemoryMarshal.GetReference(buffer)) == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(buffer[20..]) == EffectiveUser();
    }

    /// <summary>The id of the group that the file or folder belongs to; null where that cannot be told.</summary>
    public static long? GroupOf(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[StatxSize];
        return Statx(AtCurrentFolder, path, NoFollow, StatxBasic, ref MemoryMarshal.GetReference(buffer)) == 0
            ? BinaryPrimitives.ReadUInt32LittleEndian(buffer[24..])
            : null;
    }

    /// <summary>Adds these permissions to those that the file has.</summary>
    public static void AddMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | mode);
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
