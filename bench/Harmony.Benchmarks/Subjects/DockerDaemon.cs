using System.Diagnostics;

namespace Harmony.Benchmarks.Subjects;

/// <summary>
/// A dockerd of our own: its data and socket in the scratch folder, its bridge and firewall rules in a network namespace that ends with it, so that
/// neither the user's Docker nor the machine's network is touched.
/// </summary>
internal sealed class DockerDaemon(string folder, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["DOCKER_HOST"] = $"unix://{folder}/socket" };
    private Process? daemon;

    /// <summary>How Compose v2 is called here: the docker plugin, or the program by its name; null where there is none.</summary>
    public static IReadOnlyList<string>? Compose { get; } =
        Installed.Find("docker-compose") is not null ? ["docker-compose"]
        : ((string[])["/usr/libexec/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"])
            .Any(f => File.Exists(Path.Combine(f, "docker-compose"))) ? ["docker", "compose"] : null;

    /// <summary>Why there can be no daemon here; null once it serves.</summary>
    public async Task<string?> StartAsync()
    {
        if (daemon is not null)
        {
            return null;
        }

        if (Installed.Find("docker") is null || Installed.Find("dockerd") is null)
        {
            return "not installed";
        }

        if (Environment.UserName != "root" || Installed.Find("unshare") is null)
        {
            return "needs root and unshare";
        }

        Directory.CreateDirectory(folder);
        daemon = Process.Start("unshare",
        [
            "--net", "sh", "-c",
            $"ip link set lo up; exec dockerd --data-root '{folder}/data' --exec-root '{folder}/exec' --pidfile '{folder}/pid' -H 'unix://{folder}/socket' >'{folder}/log' 2>&1",
        ]);
        for (var i = 0; i < 300 && !daemon.HasExited; i++)
        {
            if (File.Exists($"{folder}/socket") && await AnswersAsync())
            {
                return null;
            }

            await Task.Delay(100, cancellation);
        }

        var log = File.ReadLines($"{folder}/log").LastOrDefault();
        await DisposeAsync();
        return $"dockerd does not start here: {log}";
    }

    /// <summary>Everything that runs because of Docker, without what is in the containers: dockerd, containerd and the shims.</summary>
    public IReadOnlyList<int> Processes => ProcessUse.Find(folder);

    public Task<Launched> RunAsync(params string[] arguments) => Launched.RunAsync("docker", arguments, environment, cancellation);

    public Task<Launched> ComposeAsync(string project, params string[] arguments) =>
        Launched.RunAsync(Compose![0], [.. Compose.Skip(1), "--project-directory", project, .. arguments], environment, cancellation);

    public async ValueTask DisposeAsync()
    {
        if (daemon is null)
        {
            return;
        }

        if (!daemon.HasExited)
        {
            using var term = Process.Start("kill", ["-TERM", $"{daemon.Id}"]);
            await daemon.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        }

        daemon.Dispose();
        daemon = null;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await RunAsync("version");
            return true;
        }
        catch (BenchException)
        {
            return false;
        }
    }
}
