using Harmony.Platform.Files;

namespace Harmony.Embedded.Network.Linux;

/// <summary>
/// Network namespaces, each held by a bind mount on a file. What runs inside one runs on a thread of its own that ends there: a thread of the
/// pool that could not find its way back would carry the rest of the process with it.
/// </summary>
internal static class NetworkNamespace
{
    private const string OwnNamespace = "/proc/thread-self/ns/net";

    /// <summary>Makes a namespace, mounts it on <paramref name="path"/> and runs <paramref name="inside"/> in it, with a descriptor of it.</summary>
    public static Task CreateAsync(string path, Action<int> inside) => OnThreadAsync(() =>
    {
        if (LibC.Unshare(LibC.NewNetwork) != 0)
        {
            throw LibC.LastError("make a network namespace");
        }

        using (Disk.OpenWrite(path, FileMode.Create))
        {
        }

        if (LibC.Mount(OwnNamespace, path, null, LibC.Bind, null) != 0)
        {
            throw LibC.LastError($"mount a network namespace on {path}");
        }

        // Containers may bind ports below 1024 whoever they run as, and ping, as under containerd.
        TrySet("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
        TrySet("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
        Within(OwnNamespace, inside);
        return true;
    });

    /// <summary>Runs on a thread inside the namespace.</summary>
    public static Task<T> RunAsync<T>(string path, Func<T> inside) => OnThreadAsync(() =>
    {
        Enter(path);
        return inside();
    });

    /// <summary>Moves the calling thread into the namespace, for good.</summary>
    public static void Enter(string path) => Within(path, fd =>
    {
        if (LibC.SetNamespace(fd, LibC.NewNetwork) != 0)
        {
            throw LibC.LastError($"enter the network namespace {path}");
        }
    });

    /// <summary>Whether a namespace is mounted here: after a reboot only the empty file may be left.</summary>
    public static bool Exists(string path)
    {
        var fd = LibC.Open(path, LibC.CloseOnExec, 0);
        if (fd < 0)
        {
            return false;
        }

        var kind = LibC.Control(fd, LibC.GetNamespaceType);
        _ = LibC.Close(fd);
        return kind == LibC.NewNetwork;
    }

    /// <summary>Lets go of the namespace: it ends with the last process in it. Nothing happens where there is none.</summary>
    public static void Remove(string path)
    {
        while (Exists(path))
        {
            if (LibC.Unmount(path, LibC.Detach) != 0)
            {
                throw LibC.LastError($"unmount the network namespace {path}");
            }
        }

        Disk.DeleteFile(path);
    }

    private static void Within(string path, Action<int> use)
    {
        var fd = LibC.Open(path, LibC.CloseOnExec, 0);
        if (fd < 0)
        {
            throw LibC.LastError($"open the network namespace {path}");
        }

        try
        {
            use(fd);
        }
        finally
        {
            _ = LibC.Close(fd);
        }
    }

    private static Task<T> OnThreadAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            256 * 1024)
        { IsBackground = true, Name = "network namespace" };
        thread.Start();
        return done.Task;
    }

    private static void TrySet(string path, string value)
    {
        try
        {
            using var file = Disk.OpenWrite(path, FileMode.Open);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A nicety; where /proc/sys is read-only, pods do without.
        }
    }
}
