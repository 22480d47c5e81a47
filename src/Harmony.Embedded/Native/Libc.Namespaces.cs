using System.Runtime.InteropServices;

namespace Harmony.Embedded.Native;

/// <summary>Namespaces, and what is mounted in them.</summary>
internal static partial class Libc
{
    /// <summary>CLONE_FS: for a thread, a working folder of its own.</summary>
    public const int OwnFolder = 0x200;

    public const int NewNetwork = 0x40000000;
    public const nuint Bind = 4096;
    public const int Detach = 2;

    /// <summary>NS_GET_NSTYPE of linux/nsfs.h: answers the kind of a namespace file, fails for any other file.</summary>
    public const nuint GetNamespaceType = 0xb703;

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int kinds);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request);

    [LibraryImport("libc", EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeFolder(string path);
}
