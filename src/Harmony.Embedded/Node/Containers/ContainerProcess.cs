using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harmony.Embedded.Native;
using Harmony.Embedded.Node.Logs;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// A container that this process watches: its output flows into its log, its end is noticed when its supervisor says so or is gone.
/// The supervisor keeps the pipes open while this process is away, so nothing is lost and the container notices nothing.
/// </summary>
internal sealed class ContainerProcess : IDisposable
{
    private readonly ContainerFolder folder;
    private readonly DescriptorPoller poller;
    private readonly TimeProvider time;
    private readonly CriLogWriter log;
    private readonly TaskCompletionSource<ContainerExit> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly List<Action<bool, byte[]>> listeners = [];
    private readonly StringBuilder said = new();
    private int output = -1;
    private int error = -1;
    private int keepOpen = -1;

    public ContainerProcess(StoredContainer record, ContainerFolder folder, DescriptorPoller poller, TimeProvider time)
    {
        Record = record;
        this.folder = folder;
        this.poller = poller;
        this.time = time;
        log = new(record.LogPath, time);
    }

    public StoredContainer Record { get; set; }

    /// <summary>Reads whether the kernel killed something in the container for memory, before its cgroup is gone.</summary>
    public Func<bool> WasOutOfMemory { get; init; } = () => false;

    public Task<ContainerExit> Ended => ended.Task;

    /// <summary>The exit code, or null while it runs; what the supervisor wrote.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Opens the pipes. Before the supervisor has opened its ends, <paramref name="isNew"/> keeps them from looking closed.</summary>
    public void Watch(bool isNew)
    {
        output = Open(folder.Output, Libc.ReadOnly);
        error = Open(folder.Error, Libc.ReadOnly);
        var events = Open(folder.Events, Libc.ReadOnly);
        if (isNew)
        {
            keepOpen = Open(folder.Events, Libc.WriteOnly);
        }

        poller.Add(events, data => OnEvent(data, events), OnSupervisorGone);
        poller.Add(output, data => OnOutput(false, data), () => { });
        poller.Add(error, data => OnOutput(true, data), () => { });
    }

    /// <summary>The supervisor has its ends open: from now on a closed pipe means that it is gone.</summary>
    public void ReleaseEvents()
    {
        if (Interlocked.Exchange(ref keepOpen, -1) is >= 0 and var descriptor)
        {
            _ = Libc.Close(descriptor);
        }
    }

    /// <summary>Marks a container that ended before this process came: as the files say.</summary>
    public void EndedBefore(int? exitCode)
    {
        ExitCode = exitCode;
        Finish(Platform.Files.Disk.WrittenAt(folder.Exit));
    }

    public void Dispose() => log.Dispose();

    public IDisposable Listen(Action<bool, byte[]> listener)
    {
        lock (gate)
        {
            listeners.Add(listener);
        }

        return new Registration(this, listener);
    }

    private void OnOutput(bool isError, ReadOnlySpan<byte> data)
    {
        Action<bool, byte[]>[] current;
        lock (gate)
        {
            current = [.. listeners];
        }

        if (current.Length > 0)
        {
            var copy = data.ToArray();
            foreach (var listener in current)
            {
                listener(isError, copy);
            }
        }

        log.Write(isError, data);
    }

    private void OnEvent(ReadOnlySpan<byte> data, int events)
    {
        said.Append(Encoding.ASCII.GetString(data));
        var text = said.ToString();
        if (!text.Contains('\n', StringComparison.Ordinal))
        {
            return;
        }

        ExitCode = int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 255;
        poller.DrainAndRemove(output);
        poller.DrainAndRemove(error);
        folder.Acknowledge();
        poller.DrainAndRemove(events);
        ReleaseEvents();
        Finish(time.GetUtcNow());
    }

    // Somebody killed the supervisor. What it wrote before is in the exit file; without one the code is lost.
    private void OnSupervisorGone()
    {
        poller.DrainAndRemove(output);
        poller.DrainAndRemove(error);
        ExitCode = ContainerFolder.ReadNumber(folder.Exit);
        Finish(time.GetUtcNow());
    }

    private void Finish(DateTimeOffset? at)
    {
        log.Dispose();
        var finished = at ?? time.GetUtcNow();
        ended.TrySetResult(ExitCode switch
        {
            null => new(137, "ContainerStatusUnknown", Record.StartedAt, finished, "The container could not be located when the pod was terminated"),
            _ when WasOutOfMemory() => new(ExitCode.Value, "OOMKilled", Record.StartedAt, finished),
            0 => new(0, "Completed", Record.StartedAt, finished),
            _ => new(ExitCode.Value, "Error", Record.StartedAt, finished),
        });
    }

    private static int Open(string path, int access)
    {
        var descriptor = Libc.Open(path, access | Libc.NonBlocking | Libc.CloseOnExec);
        return descriptor >= 0
            ? descriptor
            : throw new ContainerException(ContainerError.RunContainerError, $"opening the pipe {path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private sealed class Registration(ContainerProcess process, Action<bool, byte[]> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (process.gate)
            {
                process.listeners.Remove(listener);
            }
        }
    }
}
