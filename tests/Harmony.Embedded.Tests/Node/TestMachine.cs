using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;

namespace Harmony.Embedded.Tests.Node;

/// <summary>A data folder of its own, with a root filesystem of busybox, cleaned of containers, mounts and cgroups at the end.</summary>
public sealed class TestMachine : IAsyncDisposable
{
    private const string Busybox = "/bin/busybox";

    public TestMachine()
    {
        Data = Path.Combine(Path.GetTempPath(), "harmony-node-" + Guid.NewGuid().ToString("N")[..8]);
        Directory.CreateDirectory(Data);
    }

    public static bool CanRunContainers => OperatingSystem.IsLinux() && Environment.UserName == "root" && BusyboxPath is not null && HasRuntime;

    public const string Why = "needs Linux, root, runc or crun, and busybox";

    private static bool HasRuntime => new[] { "runc", "crun" }.Any(n => new[] { "/usr/sbin", "/usr/bin", "/usr/local/bin" }.Any(f => File.Exists(Path.Combine(f, n))));

    private static string? BusyboxPath => new[] { Busybox, "/usr/bin/busybox" }.FirstOrDefault(File.Exists);

    public string Data { get; }

    public static Image Image { get; } = new("sha256:1", "docker.io/library/busybox:1", "sha256:2", new ImageConfig { Command = ["sh"] }, 1_000_000);

    public static void FillRoot(string root)
    {
        foreach (var folder in new[] { "bin", "etc", "tmp", "root", "proc", "dev", "sys" })
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(root, "tmp"), (UnixFileMode)0x3FF);
        }

        File.Copy(BusyboxPath!, Path.Combine(root, "bin/busybox"));
        foreach (var applet in new[] { "sh", "cat", "echo", "sleep", "id", "ls", "kill", "head", "env", "wget", "httpd", "mkdir", "test", "false", "true", "hostname", "tty", "stat", "readlink", "dd", "tail", "touch", "nc" })
        {
            File.CreateSymbolicLink(Path.Combine(root, "bin", applet), "busybox");
        }

        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n");
        File.WriteAllText(Path.Combine(root, "etc/group"), "root:x:0:\napp:x:1001:\nextra:x:2000:app\n");
    }

    public ContainerSpec Spec(string script, JsonObject? container = null, JsonObject? pod = null, int restarts = 0, string podUid = "uid-1")
    {
        var id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        var folder = Path.Combine(OciRuntime.ContainersFolder(Data), id);
        FillRoot(Path.Combine(folder, "rootfs"));
        return new()
        {
            Id = id,
            Name = "app",
            PodName = "pod",
            PodNamespace = "default",
            PodUid = podUid,
            RestartCount = restarts,
            Image = Image,
            Folder = folder,
            Arguments = ["sh", "-c", script],
            Environment = ["GREETING=hello"],
            Container = container ?? [],
            PodSpec = pod ?? new JsonObject { ["hostNetwork"] = true },
            HostName = "pod",
            PodAddress = System.Net.IPAddress.Loopback,
            LogPath = Path.Combine(Data, "logs", id + ".log"),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await OciRuntime.CleanAsync(Data, TimeProvider.System, CancellationToken.None);
        Directory.Delete(Data, recursive: true);
    }
}
