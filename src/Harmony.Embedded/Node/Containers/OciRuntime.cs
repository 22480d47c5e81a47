using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Native;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Harmony.Platform.Machine;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// Runs containers with crun or runc. Each has a small shell as its supervisor, in a session of its own, which outlives this process: containers go on
/// when it is killed, and are found again, with their output and exit codes, by the next one.
/// </summary>
public sealed partial class OciRuntime : IContainerRuntime, IDisposable
{
    private const string Supervisor = """
        exec 3<>out 4<>err 5<>evt 6<>ack
        if [ -p in ]; then exec 0<>in; else exec 0</dev/null; fi
        echo $$ >supervisor
        if [ "$4" = tty ]; then
          script -q -e -f -c "exec '$1' --root '$2' --log log --log-format json run --keep --pid-file pid --bundle . '$3'" /dev/null >&3 2>&4 3>&- 4>&- 5>&- 6>&-
        else
          "$1" --root "$2" --log log --log-format json run --keep --pid-file pid --bundle . "$3" >&3 2>&4 3>&- 4>&- 5>&- 6>&-
        fi
        code=$?
        echo $code >exit.tmp && mv exit.tmp exit
        echo $code >&5
        read -r answer <&6
        """;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly ICommandRunner commands;
    private readonly TimeProvider time;
    private readonly string containers;
    private readonly string state;
    private readonly string bootId;
    private readonly OciHost host;
    private readonly OciRuntimeFinder finder;
    private readonly DescriptorPoller poller = new();
    private readonly ConcurrentDictionary<string, ContainerProcess> known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim adopting = new(1, 1);
    private bool adopted;

    /// <param name="dataFolder">The embedded runtime's own folder; containers are in <c>containers/{id}</c> beneath it.</param>
    public OciRuntime(string dataFolder, ICommandRunner commands, TimeProvider time, ILogger? log = null)
    {
        this.commands = commands;
        this.time = time;
        containers = ContainersFolder(dataFolder);
        state = Path.Combine(dataFolder, "oci");
        bootId = MachineFacts.BootId;
        host = OciHost.Of(Instance.Of(dataFolder));
        finder = new(dataFolder, host, commands) { Log = message => (log ?? NullLogger.Instance).LogWarning("{Message}", message) };
    }

    public string Handler => "";

    /// <summary>Where containers' folders are: a container's folder is named by its id.</summary>
    public static string ContainersFolder(string dataFolder) => Path.Combine(dataFolder, "containers");

    public async Task StartAsync(ContainerSpec spec, CancellationToken cancellation)
    {
        var program = await finder.FindAsync(cancellation);
        await AdoptAsync(cancellation);
        var folder = new ContainerFolder(spec.Folder);
        var user = ContainerUser.Resolve(spec, folder.RootFilesystem);
        Disk.WriteQuickly(folder.Config, OciSpec.Build(spec, user, host, SharedProcesses(spec), SharedNamespace(spec, "ipc")).ToJsonString());
        MakePipes(folder, withInput: spec.Container["stdin"].AsBool() == true || spec.Container["tty"].AsBool() == true);
        var group = $"{host.PodCgroup(spec.PodUid)}/{spec.Id}";
        var process = new ContainerProcess(
            new(spec.Id, spec.PodUid, spec.Name, spec.RestartCount, spec.LogPath, bootId, time.GetUtcNow()), folder, poller, time)
        {
            WasOutOfMemory = () => Cgroups.WasOutOfMemory(group),
        };
        folder.WriteRecord(process.Record);
        process.Watch(isNew: true);
        known[spec.Id] = process;
        try
        {
            await LaunchAsync(program, folder, spec, cancellation);
            await StartedAsync(process, folder, cancellation);
        }
        catch
        {
            process.ReleaseEvents();
            await DeleteAsync(spec.Id, CancellationToken.None);
            throw;
        }
    }

    public async Task<ContainerExit> WaitAsync(string containerId, CancellationToken cancellation)
    {
        await AdoptAsync(cancellation);
        return await Find(containerId).Ended.WaitAsync(cancellation);
    }

    public async Task<IReadOnlyList<ContainerRecord>> ListAsync(CancellationToken cancellation)
    {
        await AdoptAsync(cancellation);
        return [.. known.Values.Select(p => new ContainerRecord(
            p.Record.Id, p.Record.PodUid, p.Record.Name, p.Record.RestartCount, p.Record.StartedAt, p.Ended.IsCompletedSuccessfully ? p.Ended.Result : null))];
    }

    public Task SignalAsync(string containerId, string signal, CancellationToken cancellation)
    {
        var process = Find(containerId);
        if (process.Ended.IsCompleted)
        {
            return Task.CompletedTask;
        }

        var group = Group(process);
        var number = Signals.Number(signal);
        var pid = ContainerFolder.ReadNumber(FolderOf(containerId).ProcessId);

        // The id may have been given to another process in the meantime; who is in the container's own group is surely the container.
        if (pid is { } known && Cgroups.Processes(group).Contains(known))
        {
            _ = Libc.Kill(known, number);
        }

        if (number == Signals.Kill)
        {
            Cgroups.Kill(group);
        }

        return Task.CompletedTask;
    }

    public async Task DeleteAsync(string containerId, CancellationToken cancellation)
    {
        var folder = FolderOf(containerId);
        if (known.TryRemove(containerId, out var process))
        {
            var group = Group(process);
            Cgroups.Kill(group);
            if (!Cgroups.Remove(group) && !process.Ended.IsCompleted)
            {
                // Its processes are still dying.
                await Task.WhenAny(process.Ended, Task.Delay(TimeSpan.FromSeconds(5), time, cancellation));
                Cgroups.Remove(group);
            }

            Cgroups.RemoveIfEmpty(host.PodCgroup(process.Record.PodUid));
        }

        folder.Clear();
        Disk.DeleteTree(Path.Combine(state, containerId));
    }

    public void Dispose()
    {
        poller.Dispose();
        finder.Dispose();
        foreach (var process in known.Values)
        {
            process.Dispose();
        }

        adopting.Dispose();
    }

    private string Group(ContainerProcess process) => $"{host.PodCgroup(process.Record.PodUid)}/{process.Record.Id}";

    private ContainerFolder FolderOf(string containerId) => new(Path.Combine(containers, containerId));

    private ContainerProcess Find(string containerId) =>
        known.GetValueOrDefault(containerId) ?? throw new ContainerException(ContainerError.NotFound, $"container \"{containerId}\" is not known here");

    private string? SharedProcesses(ContainerSpec spec) => spec.PodSpec["shareProcessNamespace"].AsBool() == true ? SharedNamespace(spec, "pid") : null;

    /// <summary>What a pod's containers share, its first running container has, and the others join.</summary>
    private string? SharedNamespace(ContainerSpec spec, string type)
    {
        var first = known.Values.Where(p => p.Record.PodUid == spec.PodUid && p.Record.Id != spec.Id && !p.Ended.IsCompleted).OrderBy(p => p.Record.StartedAt).FirstOrDefault();
        return first is not null && ContainerFolder.ReadNumber(FolderOf(first.Record.Id).ProcessId) is { } pid && $"/proc/{pid}/ns/{type}" is var path && Disk.FileExists(path) ? path : null;
    }

    private async Task LaunchAsync(string program, ContainerFolder folder, ContainerSpec spec, CancellationToken cancellation)
    {
        // In a session of its own and an orphan from the start: no signal meant for us, and no end of ours, reaches it.
        var command = Command.Of(
            "/bin/sh", "-c", "setsid /bin/sh -c \"$0\" sh \"$@\" </dev/null >/dev/null 2>&1 &", Supervisor, program, state, spec.Id,
            spec.Container["tty"].AsBool() == true ? "tty" : "pipes") with { WorkingFolder = folder.Path };
        await commands.RunAsync(command, cancellation);
    }

    private async Task StartedAsync(ContainerProcess process, ContainerFolder folder, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(2);
        while (!Disk.FileExists(folder.ProcessId))
        {
            if (process.Ended.IsCompleted && !Disk.FileExists(folder.ProcessId))
            {
                throw new ContainerException(ContainerError.RunContainerError, StartError(folder));
            }

            if (time.GetElapsedTime(begun) > StartTimeout)
            {
                throw new ContainerException(ContainerError.RunContainerError, $"the OCI runtime has not started the container within {StartTimeout.TotalSeconds} s");
            }

            await Task.WhenAny(process.Ended, Task.Delay(pause, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 1.5, 50));
        }

        process.ReleaseEvents();
        process.Record = process.Record with { StartedAt = time.GetUtcNow() };
        folder.WriteRecord(process.Record);
    }

    private static string StartError(ContainerFolder folder)
    {
        var last = "";
        foreach (var line in (Disk.ReadTextIfPresent(folder.RuntimeLog) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                if (JsonNode.Parse(line) is JsonObject entry && entry.Text("level") is "error" or "fatal")
                {
                    last = JsonNode.Parse(line).At("msg").AsText() ?? last;
                }
            }
            catch (JsonException)
            {
                last = line;
            }
        }

        if (last.Length == 0)
        {
            return "OCI runtime create failed: the runtime ended without a reason";
        }

        const string run = "runc run failed: ";
        return "OCI runtime create failed: " + (last.StartsWith(run, StringComparison.Ordinal) ? "runc create failed: " + last[run.Length..] : last) + ": unknown";
    }

    private static void MakePipes(ContainerFolder folder, bool withInput)
    {
        var pipes = new List<string> { folder.Output, folder.Error, folder.Events, folder.Acknowledgement };
        if (withInput)
        {
            pipes.Add(folder.Input);
        }

        foreach (var pipe in pipes)
        {
            if (Libc.MakeFifo(pipe, 0x180) != 0)
            {
                throw new ContainerException(ContainerError.CreateContainerError, $"making the pipe {pipe}: {Libc.LastError}");
            }
        }
    }
}
