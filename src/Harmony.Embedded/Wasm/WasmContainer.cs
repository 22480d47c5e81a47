using System.Text;
using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Wasm;

/// <summary>One WebAssembly container: a command that runs to its end, or a module that is served over HTTP until it is stopped.</summary>
internal sealed class WasmContainer : IAsyncDisposable
{
    private const int Signalled = 128;
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<ContainerExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _time;
    private int _signal;
    private HttpWorkload? _server;

    public WasmContainer(ContainerSpec spec, TimeProvider time)
    {
        Spec = spec;
        _time = time;
        StartedAt = time.GetUtcNow();
        Log = new(spec.LogPath, time);
    }

    public ContainerSpec Spec { get; }

    public ContainerLog Log { get; }

    public DateTimeOffset StartedAt { get; }

    public Task<ContainerExit> Exit => _exit.Task;

    /// <summary>Cancelled when the container is to end.</summary>
    public CancellationToken Stopping => _stop.Token;

    public ContainerRecord Record => new(Spec.Id, Spec.PodUid, Spec.Name, Spec.RestartCount, StartedAt, Exit.IsCompletedSuccessfully ? Exit.Result : null);

    /// <summary>Runs a command on a thread of its own.</summary>
    public void Run(WasiRun run, LogLines output, LogLines error) =>
        new Thread(() =>
        {
            RunResult result;
            try
            {
                result = run.Execute();
            }
            catch (Exception e)
            {
                result = new(WasiRun.Trapped, e.Message);
            }

            output.Complete();
            error.Complete();
            End(result);
        })
        { IsBackground = true, Name = $"wasm {Spec.PodNamespace}/{Spec.PodName}" }.Start();

    /// <summary>Serves requests until a signal comes.</summary>
    public void Serve(HttpWorkload server) => _server = server;

    /// <summary>
    /// SIGTERM ends a command at once (WASI knows no signals) and lets a server finish its requests; SIGKILL ends both, whatever they do.
    /// </summary>
    public void Signal(string signal)
    {
        if (signal is "SIGKILL")
        {
            Volatile.Write(ref _signal, SigKill);
            _stop.Cancel();

            // A program that Wasmtime cannot interrupt (it waits in a system call) keeps its thread until it comes back; the container is over.
            Finish(new(Signalled + SigKill, "Error", StartedAt, _time.GetUtcNow()));
            _ = _server?.StopAsync(TimeSpan.Zero);
        }
        else if (signal is "SIGTERM" or "SIGINT" or "SIGQUIT" or "SIGHUP" && Interlocked.CompareExchange(ref _signal, SigTerm, 0) == 0)
        {
            if (_server is { } server)
            {
                _ = DrainAsync(server);
            }
            else
            {
                _stop.Cancel();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Signal("SIGKILL");
        if (_server is { } server)
        {
            await server.DisposeAsync();
        }

        Log.Dispose();
    }

    private async Task DrainAsync(HttpWorkload server)
    {
        await server.StopAsync(Timeout.InfiniteTimeSpan);
        Finish(new(0, "Completed", StartedAt, _time.GetUtcNow()));
    }

    private void End(RunResult result)
    {
        if (result.Trap is { } trap)
        {
            WriteError(trap);
        }

        var code = result.Stopped ? Signalled + Volatile.Read(ref _signal) : result.ExitCode;
        Finish(new(code, result.OutOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error", StartedAt, _time.GetUtcNow()));
    }

    private void WriteError(string text)
    {
        var lines = new LogLines(Log, isError: true);
        lines.Write(Encoding.UTF8.GetBytes(text));
        lines.Complete();
    }

    private void Finish(ContainerExit exit)
    {
        if (_exit.TrySetResult(exit))
        {
            Log.Dispose();
        }
    }
}
