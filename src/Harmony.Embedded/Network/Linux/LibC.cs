using System.Runtime.InteropServices;

namespace Harmony.Embedded.Network.Linux;

/// <summary>The few system calls that pod networking needs and .NET does not offer. Linux only, 64 bits only.</summary>
internal static partial class LibC
{
    internal const int NotPermitted = 1, NoEntry = 2, NoProcess = 3, Interrupted = 4, NoDeviceAddress = 6, AccessDenied = 13, Exists = 17, NoDevice = 19, Invalid = 22, NotSupported = 95, AddressNotAvailable = 99;

    internal const int NewNetwork = 0x40000000;
    internal const int CloseOnExec = 0x80000;
    internal const ulong Bind = 4096;
    internal const int Detach = 2;

    /// <summary>NS_GET_NSTYPE of linux/nsfs.h: answers the kind of a namespace file, fails for any other file.</summary>
    internal const ulong GetNamespaceType = 0xb703;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    internal static unsafe partial int SetSocketOption(int fd, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    internal static unsafe partial nint Send(int fd, byte* data, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    internal static unsafe partial nint Receive(int fd, byte* data, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static unsafe partial nint Write(int fd, byte* data, nint length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(int fd, ulong request);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    internal static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    internal static partial int SetNamespace(int fd, int kind);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unmount(string target, int flags);

    /// <summary>The error of the last call, as an exception that says what was being done.</summary>
    internal static NetworkException LastError(string doing) => Error(doing, Marshal.GetLastPInvokeError());

    internal static NetworkException Error(string doing, int errno) => new(
        errno is NotPermitted or AccessDenied ? NetworkError.NotPermitted : NetworkError.Failed,
        $"Could not {doing}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})",
        errno is NotPermitted or AccessDenied ? "Pod networking needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN." : null);
}
