using Harmony.Platform.Files;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Platform.Privileges;
using Harmony.Platform.Processes;

namespace Harmony.Runtimes.Embedded;

/// <summary>
/// Harmony's own small runtime: one background process on this machine, shared by all projects of a <c>HARMONY_HOME</c>. Nothing needs to be
/// installed for it; containers need root on Linux, WebAssembly needs nothing.
/// </summary>
public sealed partial class EmbeddedRuntime : IRuntime
{
    public const string RuntimeName = "embedded";

    private readonly EmbeddedFiles files;
    private readonly EmbeddedProcess process;
    private readonly EmbeddedSettings settings;
    private readonly Func<Privileges> privileges;

    /// <param name="paths">Where it keeps its data.</param>
    /// <param name="runner">Runs the clean-up after it.</param>
    /// <param name="settings">How long to wait for it; the usual times where null.</param>
    /// <param name="self">How to run this program with other arguments; <see cref="SelfCommand"/> where null.</param>
    /// <param name="privileges">What this process may do; read from the system where null.</param>
    public EmbeddedRuntime(
        HarmonyPaths paths,
        ICommandRunner runner,
        EmbeddedSettings? settings = null,
        Func<IReadOnlyList<string>, Command>? self = null,
        Func<Privileges>? privileges = null)
    {
        this.settings = settings ?? new();
        this.privileges = privileges ?? Privileges.Read;
        files = new(paths);
        process = new(files, self ?? (arguments => SelfCommand.Of([.. arguments])), runner, this.settings);
    }

    public string Name => RuntimeName;

    public KubeconfigReference Kubeconfig => new(files.Kubeconfig);

    public IReadOnlyDictionary<string, string> Unserved { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Ingress.networking.k8s.io"] = "no ingress controller runs on it yet, so its hosts and paths are not served; the Services themselves are",
        ["NetworkPolicy.networking.k8s.io"] = "it does not enforce them yet, so pods reach each other freely",
        ["HorizontalPodAutoscaler.autoscaling"] = "it does not measure pods yet, so their number stays as it is",
    };

    public async Task<RuntimeStatus> GetStatusAsync(CancellationToken cancellation)
    {
        var endpoint = EmbeddedEndpoint.Read(files.Endpoint);
        if (await process.FindOrAdoptAsync(cancellation) is not { } running)
        {
            return new(Name, Disk.FileExists(files.Kubeconfig) ? RuntimeState.Stopped : RuntimeState.NotInstalled) { Managed = true, Detail = files.Folder };
        }

        var status = new RuntimeStatus(Name, RuntimeState.Starting)
        {
            Managed = true,
            ProcessId = running.Id,
            MemoryBytes = running.Identity.ResidentBytes,
            Version = endpoint?.Version,
            Endpoint = endpoint?.Url.GetLeftPart(UriPartial.Authority),
        };
        if (endpoint is null)
        {
            return status with { Detail = "it does not serve yet" };
        }

        try
        {
            using var api = EmbeddedApi.Open(files, endpoint);
            var readiness = await api.AskAsync(cancellation);
            return status with
            {
                State = !readiness.Answers ? RuntimeState.Broken : readiness.Trouble is null ? RuntimeState.Running : RuntimeState.Starting,
                Detail = readiness.Trouble ?? files.Folder,
            };
        }
        catch (RuntimeException e)
        {
            return status with { State = RuntimeState.Broken, Detail = e.Message };
        }
    }

    public Task<IReadOnlyList<RuntimeCheck>> CheckAsync(CancellationToken cancellation)
    {
        List<RuntimeCheck> checks = [];
        if (Disk.FreeSpace(files.Folder) is { } free && free < settings.LeastFreeSpace)
        {
            checks.Add(new("DiskFull", $"the disk that holds '{files.Folder}' is full ({free / 1024 / 1024} MB free of the {settings.LeastFreeSpace / 1024 / 1024} MB it needs at least)", "Free some space there, or set HARMONY_HOME to a folder on another disk."));
        }

        if (ContainerLimit(privileges()) is { } limit)
        {
            checks.Add(limit);
        }

        return Task.FromResult<IReadOnlyList<RuntimeCheck>>(checks);
    }

    private static RuntimeCheck? ContainerLimit(Privileges rights) =>
        !OperatingSystem.IsLinux() ? Limit("NotLinux", "the embedded runtime runs containers on Linux only for now; WebAssembly runs", "Name a cluster of yours with --context.")
        : !rights.IsRoot ? Limit("NotRoot", "containers need root on Linux for now; WebAssembly runs", "Run the same command as root (sudo), or name a cluster of yours with --context.")
        : !rights.Has(Capability.SysAdmin) || !rights.Has(Capability.NetAdmin) ? Limit("NoCapabilities", "root lacks the rights here that containers need (CAP_SYS_ADMIN, CAP_NET_ADMIN); WebAssembly runs", "Run harmony outside of a container, or in a privileged one, or name a cluster of yours with --context.")
        : HasOciRuntime() ? null
        : new RuntimeCheck("OciRuntimeMissing", "no program that runs containers (runc, crun) is on this machine", "harmony installs runc with the machine's package manager when the first container needs it") { Blocks = false };

    private static bool HasOciRuntime()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return Programs.FindIn([.. folders, "/usr/local/sbin", "/usr/sbin", "/sbin"], "runc") is not null || Programs.FindIn(folders, "crun") is not null;
    }

    /// <summary>It is part of this program: there is nothing to install.</summary>
    public Task InstallAsync(IProgress<string> progress, CancellationToken cancellation) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellation)
    {
        using var held = await LockAsync("stopping the embedded runtime", settings.StartTimeout, cancellation);
        await StopLockedAsync(cancellation);
    }

    public async Task UninstallAsync(CancellationToken cancellation)
    {
        using (await LockAsync("removing the embedded runtime", settings.StartTimeout, cancellation))
        {
            await StopLockedAsync(cancellation);
            try
            {
                Disk.DeleteTree(files.Folder);
            }
            catch (IOException e)
            {
                throw new RuntimeException(RuntimeError.DidNotStop, $"The embedded runtime's folder '{files.Folder}' could not be removed whole.", "Unmount what is mounted there and is not harmony's, then repeat the same command.", e);
            }

            foreach (var file in new[] { files.Pid, files.Log, files.OldLog })
            {
                Disk.DeleteFile(file);
            }
        }

        Disk.DeleteFile(files.Lock);
        Disk.DeleteEmptyFolder(files.Paths.Data);
        Disk.DeleteEmptyFolder(files.Paths.State);
    }

    public async Task LoadImagesAsync(IReadOnlyList<string> archives, CancellationToken cancellation)
    {
        if (archives.Count == 0)
        {
            return;
        }

        var endpoint = EmbeddedEndpoint.Read(files.Endpoint)
            ?? throw new RuntimeException(RuntimeError.NotAvailable, "Images cannot be loaded: the embedded runtime does not run.", "Start it: harmony runtime start.");
        using var api = EmbeddedApi.Open(files, endpoint);
        foreach (var archive in archives)
        {
            await api.LoadImageAsync(archive, cancellation);
        }
    }

    private async Task StopLockedAsync(CancellationToken cancellation)
    {
        if (await process.FindOrAdoptLockedAsync(cancellation) is { } running)
        {
            await running.TerminateAsync(settings.StopGrace, cancellation);
        }

        // Also where nothing ran: a process that was killed, or a reboot, cleaned up nothing.
        await process.CleanAsync(cancellation);
        Disk.DeleteFile(files.Endpoint);
        Disk.DeleteFile(files.Pid);
    }

    private static RuntimeCheck Limit(string code, string message, string fix) => new(code, message, fix) { Blocks = false, StopsContainers = true };

    private Task<FileLock> LockAsync(string purpose, TimeSpan timeout, CancellationToken cancellation) =>
        FileLock.AcquireAsync(files.Lock, purpose, timeout, cancellation);
}
