using Harmony.Platform.Files;

namespace Harmony.Platform.Processes;

/// <summary>
/// A background process that survives harmony: in a session of its own, with no terminal, no inherited handle and <c>/</c> as its folder, its
/// output appended to a log file. A pid file remembers it, so that later runs find it, and never take another process for it.
/// </summary>
public sealed class DetachedProcess
{
    private readonly string? pidFile;

    private DetachedProcess(ProcessIdentity identity, string? pidFile)
    {
        Identity = identity;
        this.pidFile = pidFile;
    }

    public ProcessIdentity Identity { get; }

    public int Id => Identity.Id;

    public bool IsAlive => Identity.IsAlive;

    /// <summary>Starts the program and, where a pid file is given, writes it. Both files' folders are made where they are missing.</summary>
    /// <param name="command">What to run. Its input is empty; <see cref="Command.Input"/>, <see cref="Command.OnLine"/> and <see cref="Command.WorkingFolder"/> are not used.</param>
    /// <exception cref="ProcessException">It could not be started.</exception>
    public static DetachedProcess Start(Command command, string logFile, string? pidFile)
    {
        var program = Programs.Find(command.Program)
            ?? throw new ProcessException(ProcessError.NotFound, $"There is no program '{command.Program}' to run in the background.");
        Disk.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(logFile))!);
        var id = OperatingSystem.IsWindows()
            ? WindowsSpawn.Start(program, command, logFile)
            : UnixSpawn.Start(program, command, Path.GetFullPath(logFile));

        // A process that ended at once has no start time any more; any time then serves to say that it is dead.
        var process = new DetachedProcess(ProcessIdentity.Of(id) ?? new(id, -1, ""), pidFile);
        process.Remember();
        return process;
    }

    /// <summary>The living process that the pid file tells of; null where there is no such file or the process is gone.</summary>
    public static DetachedProcess? Find(string pidFile) =>
        ProcessIdentity.FromJson(Disk.ReadTextIfPresent(pidFile)) is { IsAlive: true } identity ? new(identity, pidFile) : null;

    /// <summary>Takes a running process as the one of this pid file. Null where it does not run.</summary>
    public static DetachedProcess? Adopt(int id, string pidFile)
    {
        if (ProcessIdentity.Of(id) is not { } identity)
        {
            return null;
        }

        var process = new DetachedProcess(identity, pidFile);
        process.Remember();
        return process;
    }

    /// <summary>Asks it to end; after <paramref name="grace"/> kills it and its process group. Removes the pid file once it is gone.</summary>
    /// <returns>Whether it ended by itself, in time.</returns>
    /// <exception cref="ProcessException">It outlived even the kill, or this user may not end it.</exception>
    public async Task<bool> TerminateAsync(TimeSpan grace, CancellationToken cancellation)
    {
        var asked = Signal.Send(Identity, Signal.Terminate);
        var graceful = asked && await WaitForExitAsync(grace, cancellation);
        if (!graceful)
        {
            Signal.Send(Identity, Signal.Kill);
            if (!await WaitForExitAsync(TimeSpan.FromSeconds(10), cancellation))
            {
                throw new ProcessException(ProcessError.TimedOut, $"Process {Id} did not end, not even by SIGKILL.", $"See what it waits for (`ps -o pid,stat,wchan,args {Id}`), and whether it is yours to end.");
            }
        }

        if (pidFile is not null)
        {
            Disk.DeleteFile(pidFile);
        }

        return graceful;
    }

    /// <summary>Waits until the process is gone; false where it still runs after this time.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        // It is no child of most who wait for it, so nobody tells: look, at first often.
        var pause = TimeSpan.FromMilliseconds(5);
        var started = TimeProvider.System.GetTimestamp();
        while (IsAlive)
        {
            if (TimeProvider.System.GetElapsedTime(started) > timeout)
            {
                return false;
            }

            await Task.Delay(pause, cancellation);
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 1.5, 100));
        }

        return true;
    }

    private void Remember()
    {
        if (pidFile is not null)
        {
            Disk.WriteAtomically(pidFile, Identity.ToJson());
        }
    }
}
