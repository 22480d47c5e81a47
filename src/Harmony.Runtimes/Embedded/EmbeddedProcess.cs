using Harmony.Platform.Files;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Platform.Processes;

namespace Harmony.Runtimes.Embedded;

/// <summary>The background process of the embedded runtime: <c>harmony embedded serve</c>, one for each <c>HARMONY_HOME</c>.</summary>
/// <param name="files">Where it is remembered.</param>
/// <param name="self">How to run this program with other arguments.</param>
/// <param name="runner">Runs the clean-up.</param>
/// <param name="settings">How long to wait.</param>
internal sealed class EmbeddedProcess(EmbeddedFiles files, Func<IReadOnlyList<string>, Command> self, ICommandRunner runner, EmbeddedSettings settings)
{
    /// <summary>The process that runs now; null where none does.</summary>
    public DetachedProcess? Find() => DetachedProcess.Find(files.Pid);

    /// <summary>
    /// Also finds one whose start was interrupted before its pid file was written: it holds its own lock. Only for who holds the provider's lock.
    /// </summary>
    public async Task<DetachedProcess?> FindOrAdoptLockedAsync(CancellationToken cancellation) =>
        Find()
        ?? (FileLock.FindHolder(files.ProcessLock) is { } holder ? DetachedProcess.Adopt(holder.ProcessId, files.Pid) : null)
        ?? await FindOrAdoptAsync(cancellation);

    /// <summary>Also finds one that is not written down but serves with the certificates of our own kubeconfig.</summary>
    public async Task<DetachedProcess?> FindOrAdoptAsync(CancellationToken cancellation)
    {
        if (Find() is { } known)
        {
            return known;
        }

        if (EmbeddedEndpoint.Read(files.Endpoint) is not { } endpoint || ProcessIdentity.Of(endpoint.ProcessId) is null || !Disk.FileExists(files.Kubeconfig))
        {
            return null;
        }

        try
        {
            using var api = EmbeddedApi.Open(files, endpoint);
            return (await api.AskAsync(cancellation)).Answers ? DetachedProcess.Adopt(endpoint.ProcessId, files.Pid) : null;
        }
        catch (RuntimeException)
        {
            // Without its certificates nobody can tell that it is ours.
            return null;
        }
    }

    /// <summary>Starts it. The lock is held and nothing runs.</summary>
    public DetachedProcess Start()
    {
        // What an earlier process wrote must not be taken for this one's.
        Disk.DeleteFile(files.Endpoint);
        return DetachedProcess.Start(Command("embedded", "serve"), files.Log, files.Pid);
    }

    /// <summary>Removes the containers, mounts and network that a process left which could not do so itself.</summary>
    /// <exception cref="RuntimeException">Something could not be removed.</exception>
    public async Task CleanAsync(CancellationToken cancellation)
    {
        if (!Disk.FolderExists(files.Folder))
        {
            return;
        }

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(settings.CleanTimeout);
        try
        {
            await runner.RunAsync(Command("embedded", "clean"), bound.Token);
        }
        catch (ProcessException e)
        {
            throw new RuntimeException(RuntimeError.DidNotStop, "The embedded runtime has ended, but what it left on this machine could not be removed.", "Repeat the same command, as the user who started it.", e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new RuntimeException(RuntimeError.TimedOut, $"The embedded runtime has ended, but removing what it left took longer than {settings.CleanTimeout.TotalSeconds:0} s.", "Repeat the same command.");
        }
    }

    /// <summary>A relative <c>HARMONY_HOME</c> would mean another folder there: the process lives in <c>/</c>.</summary>
    private Command Command(params IReadOnlyList<string> arguments)
    {
        var command = self(arguments);
        var home = files.Paths.Configuration;
        return files.Paths == HarmonyPaths.Under(home)
            ? command with { Environment = command.Environment.SetItem(HarmonyPaths.HomeVariable, home) }
            : command;
    }
}
