using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Harmony.Embedded.Node.Images.Layers;

/// <summary>Linux' calls for file systems that .NET has no name for. All are made relative to an open folder, so that no path can lead elsewhere.</summary>
internal static partial class Linux
{
    public const int NotFound = 2;
    public const int Exists = 17;
    public const int NotAFolder = 20;
    public const int Invalid = 22;
    public const int CurrentFolder = -100;

    public const uint TypeMask = 0xF000;
    public const uint FolderType = 0x4000;
    public const uint LinkType = 0xA000;
    public const uint CharacterType = 0x2000;
    public const uint BlockType = 0x6000;
    public const uint PipeType = 0x1000;

    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int CloseOnExec = 0x80000;
    public const int SymlinkNoFollow = 0x100;
    public const int RemoveFolder = 0x200;

    private const int StatxSize = 256;
    private const uint BasicStats = 0x7ff;

    // The two whose values differ between processors.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    public static int Folder { get; } = Arm ? 0x4000 : 0x10000;

    public static int NoFollow { get; } = Arm ? 0x8000 : 0x20000;

    /// <summary>Opens a folder itself, never through a link.</summary>
    /// <returns>Null where it is not there, or no folder: see <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    public static SafeFileHandle? OpenFolder(SafeFileHandle parent, string name)
    {
        var handle = OpenAt(parent, name, ReadOnly | Folder | NoFollow | CloseOnExec, 0);
        if (handle.IsInvalid)
        {
            handle.Dispose();
            return null;
        }

        return handle;
    }

    /// <summary>Opens a folder by its whole path, following links: for folders of our own.</summary>
    public static SafeFileHandle OpenRoot(string path)
    {
        var handle = Open(CurrentFolder, path, ReadOnly | Folder | CloseOnExec, 0);
        return handle.IsInvalid ? throw Error($"opening '{path}'") : handle;
    }

    /// <summary>Type and permissions, owner and group; null where there is nothing.</summary>
    public static (uint Mode, uint User, uint Group)? Stat(SafeFileHandle parent, string name)
    {
        Span<byte> buffer = stackalloc byte[StatxSize];
        if (Statx(parent, name, SymlinkNoFollow, BasicStats, ref MemoryMarshal.GetReference(buffer)) != 0)
        {
            return Marshal.GetLastPInvokeError() is NotFound or NotAFolder ? null : throw Error($"looking at '{name}'");
        }

        // struct statx is the same on every processor: uid at 20, gid at 24, mode at 28.
        return (BinaryPrimitives.ReadUInt16LittleEndian(buffer[28..]), BinaryPrimitives.ReadUInt32LittleEndian(buffer[20..]), BinaryPrimitives.ReadUInt32LittleEndian(buffer[24..]));
    }

    public static unsafe string ReadLink(SafeFileHandle parent, string name)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* start = buffer)
        {
            var length = ReadLinkAt(parent, name, start, buffer.Length);
            return length < 0 ? throw Error($"reading the link '{name}'") : System.Text.Encoding.UTF8.GetString(buffer[..(int)length]);
        }
    }

    public static void Check(int result, string what)
    {
        if (result != 0)
        {
            throw Error(what);
        }
    }

    public static IOException Error(string what)
    {
        var code = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(code)}", code);
    }

    /// <summary>glibc's and the kernel's huge dev_t.</summary>
    public static ulong Device(uint major, uint minor) =>
        ((major & 0xfffff000UL) << 32) | ((major & 0xfffUL) << 8) | ((minor & 0xffffff00UL) << 12) | (minor & 0xffUL);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(int folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolder(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeNode(SafeFileHandle folder, string name, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeLink(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeHardLink(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(SafeFileHandle folder, string name, uint user, uint group, int flags);

    /// <summary>Follows links: only for what was just made, or was looked at.</summary>
    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(SafeFileHandle folder, string name, uint mode, int flags);

    /// <param name="times">Access time, then modification time.</param>
    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeTimes(SafeFileHandle folder, string name, ReadOnlySpan<TimeSpec> times, int flags);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetAttribute(string path, string name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(SafeFileHandle folder);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle folder, string name, int flags, uint mask, ref byte buffer);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint ReadLinkAt(SafeFileHandle folder, string name, byte* buffer, nint size);

    /// <summary>struct timespec of 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
