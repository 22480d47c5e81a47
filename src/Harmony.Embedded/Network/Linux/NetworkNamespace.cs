using Harmony.Embedded.Native;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Network.Linux;

/// <summary>
/// Network namespaces, each held by a bind mount on a file. What runs inside one runs on a thread of its own, which goes home before anybody hears of
/// the result: a thread is born into the namespace of the one that starts it, and .NET's pool starts its threads from wherever work is queued. One
/// continuation queued from inside, and a part of the process would live in a pod for good.
/// </summary>
internal static class NetworkNamespace
{
    private const string OwnNamespace = "/proc/thread-self/ns/net";

    /// <summary>Makes a namespace, mounts it on <paramref name="path"/> and runs <paramref name="inside"/> in it, with a descriptor of it.</summary>
    public static Task CreateAsync(string path, Action<int> inside) => OnThreadAsync(() =>
    {
        using (Disk.OpenWrite(path, FileMode.Create))
        {
        }

        if (Libc.Unshare(Libc.NewNetwork) != 0)
        {
            throw NetworkException.LastError("make a network namespace");
        }

        if (Libc.Mount(OwnNamespace, path, null, Libc.Bind, null) != 0)
        {
            throw NetworkException.LastError($"mount a network namespace on {path}");
        }

        // Containers may bind ports below 1024 whoever they run as, and ping, as under containerd.
        TrySet("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"u8);
        TrySet("/proc/sys/net/ipv4/ping_group_range", "0 2147483647"u8);
        Within(OwnNamespace, inside);
        return true;
    });

    /// <summary>Runs inside the namespace. The work must be synchronous and must queue nothing: making and binding a socket, or P/Invoke.</summary>
    public static Task<T> RunAsync<T>(string path, Func<T> inside) => OnThreadAsync(() =>
    {
        Enter(path);
        return inside();
    });

    private static void Enter(string path) => Within(path, fd =>
    {
        if (Libc.SetNamespace(fd, Libc.NewNetwork) != 0)
        {
            throw NetworkException.LastError($"enter the network namespace {path}");
        }
    });

    /// <summary>Whether a namespace is mounted here: after a reboot only the empty file may be left.</summary>
    public static bool Exists(string path)
    {
        var fd = Libc.Open(path, Libc.CloseOnExec);
        if (fd < 0)
        {
            return false;
        }

        var kind = Libc.Control(fd, Libc.GetNamespaceType);
        _ = Libc.Close(fd);
        return kind == Libc.NewNetwork;
    }

    /// <summary>Lets go of the namespace: it ends with the last process in it. Nothing happens where there is none.</summary>
    public static void Remove(string path)
    {
        while (Exists(path))
        {
            if (Libc.Unmount(path, Libc.Detach) != 0)
            {
                throw NetworkException.LastError($"unmount the network namespace {path}");
            }
        }

        Disk.DeleteFile(path);
    }

    private static void Within(string path, Action<int> use)
    {
        var fd = Libc.Open(path, Libc.CloseOnExec);
        if (fd < 0)
        {
            throw NetworkException.LastError($"open the network namespace {path}");
        }

        try
        {
            use(fd);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    private static Task<T> OnThreadAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                T? result = default;
                Exception? error = null;
                var home = Libc.Open(OwnNamespace, Libc.CloseOnExec);
                try
                {
                    result = home < 0 ? throw NetworkException.LastError($"open {OwnNamespace}") : work();
                }
                catch (Exception e)
                {
                    error = e;
                }

                if (home >= 0)
                {
                    if (Libc.SetNamespace(home, Libc.NewNetwork) != 0)
                    {
                        Environment.FailFast("A thread could not return from a pod's network namespace");
                    }

                    _ = Libc.Close(home);
                }

                if (error is null)
                {
                    done.SetResult(result!);
                }
                else
                {
                    done.SetException(error);
                }
            },
            256 * 1024)
        { IsBackground = true, Name = "network namespace" };
        thread.Start();
        return done.Task;
    }

    private static unsafe void TrySet(string path, ReadOnlySpan<byte> value)
    {
        // A nicety; where /proc/sys is read-only, pods do without.
        var fd = Libc.Open(path, Libc.WriteOnly | Libc.CloseOnExec);
        if (fd >= 0)
        {
            fixed (byte* data = value)
            {
                _ = Libc.Write(fd, data, (nuint)value.Length);
            }

            _ = Libc.Close(fd);
        }
    }
}
