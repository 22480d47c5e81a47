using System.Runtime.InteropServices;

namespace Harmony.Platform.Processes;

internal static partial class UnixSpawn
{
    // POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK are the same everywhere; POSIX_SPAWN_SETSID is not; macOS closes all handles by a flag.
    private static short Flags => OperatingSystem.IsMacOS() ? (short)(0x04 | 0x08 | 0x0400 | 0x4000) : (short)(0x04 | 0x08 | 0x80);

    private static int WriteAppendCreate => OperatingSystem.IsMacOS() ? 0x1 | 0x8 | 0x200 : 0x1 | 0x400 | 0x40;

    private static void CloseTheRest(nint actions)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = AddCloseFrom(actions, 3);
        }
        catch (EntryPointNotFoundException)
        {
            // musl, and glibc before 2.34: what harmony itself opens is closed on exec anyway; what its caller left open may stay open.
        }
    }

    private static int AddFolder(nint actions, string folder)
    {
        try
        {
            return AddChangeFolder(actions, folder);
        }
        catch (EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Spawn(out int id, string program, nint actions, nint attributes, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int FileActionsInit(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int FileActionsDestroy(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddOpen(nint actions, int handle, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDup2(nint actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddChangeFolder(nint actions, string folder);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    private static partial int AddCloseFrom(nint actions, int first);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(nint attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaultSignals(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetSignalMask(nint attributes, nint signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int FillSignals(nint signals);
}
