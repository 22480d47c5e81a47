using System.Diagnostics;
using System.Text;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>A program that was started and is watched; killed with the test where it still runs then.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Task _pumps;

    private RunningProgram(Process process, string commandLine)
    {
        _process = process;
        CommandLine = commandLine;
        _pumps = Task.WhenAll(PumpAsync(process.StandardOutput, _output), PumpAsync(process.StandardError, _error));
    }

    public string CommandLine { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Read(_output);

    public string Error => Read(_error);

    public static RunningProgram Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, string folder, string input = "")
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        var running = new RunningProgram(process, $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}");
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }

        return running;
    }

    /// <summary>Waits for its end, and for the end of its streams: a background process that keeps them open would hang every pipe.</summary>
    public async Task<Outcome> EndAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(bound);
        try
        {
            await _process.WaitForExitAsync(bounded.Token);
            await _pumps.WaitAsync(bounded.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{(_process.HasExited ? "The streams are still open after the end of" : "Not ended in time:")} {CommandLine}\n--- stdout\n{Output}\n--- stderr\n{Error}", e);
        }

        return new(CommandLine, _process.ExitCode, Output, Error);
    }

    /// <summary>Waits until it has said this on either stream.</summary>
    public Task SaysAsync(string text, CancellationToken cancellation) => Wait.UntilAsync(
        () => Output.Contains(text, StringComparison.Ordinal) || Error.Contains(text, StringComparison.Ordinal),
        () => $"{CommandLine} did not say “{text}”:\n{Output}\n{Error}", cancellation);

    public void Kill() => _process.Kill();

    public void Interrupt() => Signals.Send(_process.Id, Signals.Interrupt);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static async Task PumpAsync(StreamReader from, StringBuilder to)
    {
        var buffer = new char[4096];
        try
        {
            while (await from.ReadAsync(buffer) is > 0 and var count)
            {
                lock (to)
                {
                    to.Append(buffer, 0, count);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Disposed while it still ran.
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
