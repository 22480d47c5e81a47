using System.Runtime.InteropServices;

namespace Harmony.Embedded.Native;

/// <summary>Pseudo-terminals.</summary>
internal static partial class Libc
{
    public const int NoControllingTerminal = 0x100;
    public const nuint SetWindowSize = 0x5414;

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    public static partial int OpenTerminal(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    public static partial int GrantTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    public static partial int UnlockTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    public static unsafe partial int TerminalName(int descriptor, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static unsafe partial int Control(int descriptor, nuint request, WindowSize* size);

    [StructLayout(LayoutKind.Sequential)]
    internal struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsX;
        public ushort PixelsY;
    }
}
