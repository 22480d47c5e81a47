using Wasmtime;
using Wasmtime.Components;

namespace Harmony.Embedded.Wasm;

/// <summary>One run of a program's main function: a fresh instance with its own memory, ended by its return, its exit, a trap or a stop.</summary>
internal sealed class WasiRun(WasmEngine engine, WasmProgram program, TimeProvider time)
{
    /// <summary>What a native program that aborts ends with (128 + SIGABRT): a trap's exit code.</summary>
    public const int Trapped = 134;

    /// <summary>The first is the program's own name.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=value</c>; of two with one name the later counts.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public IReadOnlyList<Preopen> Folders { get; init; } = [];

    /// <summary>A file to read as standard input; nothing to read where null.</summary>
    public string? Input { get; init; }

    public required WasiOutputCallback Output { get; init; }

    public required WasiOutputCallback Error { get; init; }

    /// <summary>Bytes that its memory may grow to; null for no bound.</summary>
    public long? Memory { get; init; }

    /// <summary>Ends the run where it is.</summary>
    public CancellationToken Stop { get; init; }

    public TimeProvider Time { get; } = time;

    /// <summary>Runs to the end on this thread.</summary>
    public RunResult Execute()
    {
        if (Stop.IsCancellationRequested)
        {
            return new(0, Stopped: true);
        }

        try
        {
            using var store = MakeStore();
            using var interruption = Stop.Register(engine.Interrupt);
            if (program.Component is { } component)
            {
                var run = engine.ComponentLinker.Instantiate(store, component).GetFunction(WasmProgram.RunInterface(component)!, "run")
                    ?? throw new WasmException("the component's wasi:cli/run has no function \"run\"");
                return new(run.Call([]) is { Kind: ComponentValueKind.Result, IsOk: false } ? 1 : 0);
            }

            var start = engine.Linker.Instantiate(store, program.Module!).GetAction("_start")
                ?? throw new WasmException("the module's function \"_start\" takes parameters or has results");
            start();
            return new(0);
        }
        catch (WasmtimeException e)
        {
            return e.ExitCode is { } code ? new(code & 0xff)
                : Stop.IsCancellationRequested ? new(0, Stopped: true)
                : e.Message.Contains("exceeds memory limits", StringComparison.Ordinal) ? new(137, e.Message.Trim()) { OutOfMemory = true }
                : new(Trapped, e.Message.Trim());
        }
        catch (WasmException e)
        {
            return new(Trapped, e.Message);
        }
    }

    /// <summary>The value of the module's exported constant <see cref="WasmProgram.PortExport"/>.</summary>
    public int ReadPort()
    {
        try
        {
            using var store = MakeStore();
            using var interruption = Stop.Register(engine.Interrupt);
            return (int)engine.Linker.Instantiate(store, program.Module!).GetGlobal(WasmProgram.PortExport)!.GetValue()!;
        }
        catch (WasmtimeException e)
        {
            throw new WasmException($"the module cannot be started: {e.Message.Trim()}", inner: e);
        }
    }

    /// <summary>Waits so many nanoseconds; false where the run is to end.</summary>
    public bool Sleep(long nanoseconds)
    {
        var milliseconds = Math.Min(nanoseconds / 1_000_000, int.MaxValue);

        // What is shorter than the clock's step would come back early, and the program would spin.
        return !Stop.WaitHandle.WaitOne((int)milliseconds + (nanoseconds % 1_000_000 > 0 && milliseconds < int.MaxValue ? 1 : 0));
    }

    private Store MakeStore()
    {
        var store = new Store(engine.Engine, this);
        try
        {
            if (Memory is { } bytes)
            {
                store.SetLimits(bytes, null, null, null, null);
            }

            store.SetEpochDeadline(1);
            var stop = Stop;
            store.SetEpochDeadlineCallback(_ => stop.IsCancellationRequested ? throw new OperationCanceledException(stop) : 1UL);
            var wasi = new WasiConfiguration()
                .WithArgs(Arguments)
                .WithEnvironmentVariables(Environment.Select(Split))
                .WithStandardOutputCallback(Output)
                .WithStandardErrorCallback(Error);
            if (Input is { } input)
            {
                wasi.WithStandardInput(input);
            }

            foreach (var folder in Folders)
            {
                wasi.WithPreopenedDirectory(folder.HostPath, folder.GuestPath, !folder.ReadOnly);
            }

            store.SetWasiConfiguration(wasi);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    private static (string Name, string Value) Split(string variable)
    {
        var equals = variable.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (variable, "") : (variable[..equals], variable[(equals + 1)..]);
    }
}

/// <summary>A folder of the host that a program may use.</summary>
internal sealed record Preopen(string HostPath, string GuestPath, bool ReadOnly);

/// <summary>How a run ended.</summary>
/// <param name="Trap">The trap with its backtrace, or why it could not start; null where it ended by itself.</param>
/// <param name="Stopped">Whether it was told to; the exit code means nothing then.</param>
internal sealed record RunResult(int ExitCode, string? Trap = null, bool Stopped = false)
{
    public bool OutOfMemory { get; init; }
}

/// <summary>What differs between the runs of one container.</summary>
/// <param name="Stop">Ends the run.</param>
internal sealed record RunRequest(WasiOutputCallback Output, WasiOutputCallback Error, CancellationToken Stop)
{
    /// <summary>A file to read as standard input.</summary>
    public string? Input { get; init; }

    /// <summary><c>NAME=value</c>, on top of the container's.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}
