using System.Security.Cryptography;
using System.Text;
using Harmony.Platform.Locks;
using Harmony.Platform.Processes;
using Harmony.Testing.Images;

namespace Harmony.EndToEnd.Tests.Images;

/// <summary>
/// Real images, made from Debian's packages without a container runtime: the packages with what they depend on are downloaded by apt, their files are
/// unpacked, and nothing of them is run. The layer is kept in the user's cache between runs.
/// </summary>
internal static class DebianImage
{
    private static readonly CommandRunner s_commands = new();

    /// <summary>Where images are kept between runs.</summary>
    public static string Cache { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "harmony-tests",
        "images");

    /// <summary>Null where images can be made here; else why not.</summary>
    public static string? Missing { get; } = !OperatingSystem.IsLinux() ? "this is not Linux"
        : !Environment.IsPrivilegedProcess ? "unpacking packages with their owners needs root"
        : ((string[])["apt-get", "dpkg-deb", "tar"]).FirstOrDefault(p => !File.Exists($"/usr/bin/{p}") && !File.Exists($"/bin/{p}")) is { } program ? $"{program} is not installed"
        : null;

    /// <summary>BusyBox, as <c>busybox</c>: a shell, wget (Debian's dies of <c>-T</c>), httpd, nslookup.</summary>
    public static Task<BuiltImage> BusyboxAsync(CancellationToken cancellation) =>
        BuildAsync("busybox", [], Accounts, image => image.WithCommand("sh"), cancellation);

    /// <summary>Redis, as <c>redis:7</c>.</summary>
    public static Task<BuiltImage> RedisAsync(CancellationToken cancellation) =>
        BuildAsync("redis", ["redis-server", "redis-tools"], Accounts, image => image.WithCommand("redis-server").WithWorkingFolder("/data"), cancellation);

    /// <summary>Python 3 with its standard library, as <c>python:3.11-slim</c>.</summary>
    public static Task<BuiltImage> PythonAsync(CancellationToken cancellation) => BuildAsync(
        "python", ["python3", "python3-minimal", "python3.11", "python3.11-minimal", "media-types"], Accounts, image => image.WithCommand("python3").WithEnvironment("PYTHONDONTWRITEBYTECODE=1"), cancellation);

    /// <summary>nginx, as <c>nginx:1</c>: its sites in <c>/etc/nginx/conf.d</c>, its pages in <c>/usr/share/nginx/html</c>, its logs on the standard streams.</summary>
    public static Task<BuiltImage> NginxAsync(CancellationToken cancellation) => BuildAsync(
        "nginx",
        ["nginx", "nginx-common"],
        [
            .. Accounts,
            ("etc/nginx/nginx.conf", "user nginx;\nworker_processes 1;\nerror_log /dev/stderr notice;\npid /run/nginx.pid;\nevents { worker_connections 512; }\nhttp {\n  include mime.types;\n  access_log /dev/stdout;\n  include /etc/nginx/conf.d/*.conf;\n}\n"),
            ("etc/nginx/conf.d/default.conf", "server {\n  listen 80;\n  root /usr/share/nginx/html;\n}\n"),
            ("var/log/nginx/.keep", ""),
            ("var/lib/nginx/.keep", ""),
        ],
        image => image.WithCommand("nginx", "-g", "daemon off;").WithStopSignal("SIGQUIT"),
        cancellation);

    private static (string Path, string Text)[] Accounts { get; } =
    [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\nredis:x:999:999:redis:/data:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        ("etc/group", "root:x:0:\nnginx:x:101:\nredis:x:999:\nnogroup:x:65534:\n"),

        // All of them: what is not named is looked for in libraries that are not there.
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n"),
        ("data/.keep", ""),
        ("run/.keep", ""),
    ];

    private static async Task<BuiltImage> BuildAsync(
        string name, string[] packages, (string Path, string Text)[] files, Action<ImageBuilder> configure, CancellationToken cancellation)
    {
        var recipe = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', [.. packages, .. files.Select(f => f.Path + f.Text), "5"]))))[..12];
        var layer = Path.Combine(Cache, $"{name}-{recipe}.tar");
        using (await FileLock.AcquireAsync(layer + ".lock", $"building the image {name}", TimeSpan.FromMinutes(5), cancellation))
        {
            if (!File.Exists(layer))
            {
                var scratch = Directory.CreateTempSubdirectory("harmony-image-").FullName;
                try
                {
                    await UnpackAsync(scratch, packages, files, cancellation);
                    await s_commands.RunAsync(Command.Of("tar", "--sort=name", "--mtime=@0", "--numeric-owner", "-C", Path.Combine(scratch, "root"), "-cf", layer + ".part", "."), cancellation);
                    File.Move(layer + ".part", layer, overwrite: true);
                }
                finally
                {
                    Directory.Delete(scratch, recursive: true);
                }
            }
        }

        // Uncompressed: compressing costs more than the loopback registry gains.
        var builder = new ImageBuilder().WithArchive(await File.ReadAllBytesAsync(layer, cancellation), compression: "");
        builder.With("Env", new System.Text.Json.Nodes.JsonArray("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        configure(builder);
        return builder.Build();
    }

    private static async Task UnpackAsync(string scratch, string[] packages, (string Path, string Text)[] files, CancellationToken cancellation)
    {
        var archives = Path.Combine(scratch, "archives");
        var root = Path.Combine(scratch, "root");
        Directory.CreateDirectory(Path.Combine(archives, "partial"));
        Directory.CreateDirectory(root);

        // An empty list of what is installed makes apt fetch everything that the packages need.
        await s_commands.RunAsync(
            Command.Of(
                "apt-get", "-y", "-qq", "--download-only", "-o", "Dir::State::status=/dev/null", "-o", "APT::Install-Recommends=false", "-o", "APT::Sandbox::User=root",
                "-o", "Debug::NoLocking=1", "-o", $"Dir::Cache::archives={archives}", "install", "busybox-static").With(packages),
            cancellation);
        foreach (var archive in Directory.EnumerateFiles(archives, "*.deb").Where(a => IsWanted(Path.GetFileName(a).Split('_')[0], packages)))
        {
            await s_commands.RunAsync(Command.Of("dpkg-deb", "-x", archive, root), cancellation);
        }

        foreach (var unneeded in (string[])["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian"])
        {
            if (Directory.Exists(Path.Combine(root, unneeded)))
            {
                Directory.Delete(Path.Combine(root, unneeded), recursive: true);
            }
        }

        foreach (var applet in (string[])["sh", "cat", "ls", "echo", "sleep", "env", "id", "hostname", "wget", "nslookup", "httpd", "grep", "date", "mkdir", "touch", "rm", "true", "false", "nc", "ip", "kill", "ps", "test", "head", "tail", "sed"])
        {
            var path = Path.Combine(root, "bin", applet);
            if (!File.Exists(path))
            {
                File.CreateSymbolicLink(path, "busybox");
            }
        }

        Directory.CreateDirectory(Path.Combine(root, "tmp"), (UnixFileMode)0b1_111_111_111);
        File.SetUnixFileMode(Path.Combine(root, "tmp"), (UnixFileMode)0b1_111_111_111);
        foreach (var (path, text) in files)
        {
            var full = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.Delete(full);
            await File.WriteAllTextAsync(full, text, cancellation);
        }
    }

    /// <summary>What was asked for and libraries: not the tools for installing, which apt brings along.</summary>
    private static bool IsWanted(string package, string[] asked) =>
        package is "busybox-static" or "zlib1g" || asked.Contains(package)
        || (package.StartsWith("lib", StringComparison.Ordinal) && !package.Contains("perl", StringComparison.Ordinal) && !package.Contains("nginx-mod", StringComparison.Ordinal));
}
