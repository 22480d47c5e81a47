using System.ComponentModel;
using CliWrap;
using CliWrap.Exceptions;

namespace Harmony.Platform.Processes;

/// <summary>
/// Runs programs of this machine. Of each of the two outputs the first and last half mebibyte are kept. On cancellation the program is asked
/// to end (SIGTERM; Ctrl+C on Windows), then, after the grace period, killed with all its children.
/// </summary>
public sealed class CommandRunner(TimeProvider? time = null, TimeSpan? grace = null) : ICommandRunner
{
    private const int HalfOfOutput = 512 * 1024;

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly TimeSpan grace = grace ?? TimeSpan.FromSeconds(10);

    public async Task<CommandResult> RunAsync(Command command, CancellationToken cancellation)
    {
        var result = await TryRunAsync(command, cancellation);
        return result.Succeeded ? result : throw Failure(result);
    }

    public async Task<CommandResult> TryRunAsync(Command command, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var program = Programs.Find(command.Program) ?? throw NotFound(command);
        var output = new BoundedText(HalfOfOutput);
        var error = new BoundedText(HalfOfOutput);
        var gate = new Lock();
        using var graceful = CancellationTokenSource.CreateLinkedTokenSource(OperatingSystem.IsWindows() ? cancellation : CancellationToken.None);
        using var forceful = new CancellationTokenSource();
        CommandTask<CliWrap.CommandResult> running;
        try
        {
            running = Cli.Wrap(program)
                .WithArguments(command.Arguments)
                .WithWorkingDirectory(command.WorkingFolder ?? Environment.CurrentDirectory)
                .WithEnvironmentVariables(command.Environment)
                .WithStandardInputPipe(command.Input is { } input ? PipeSource.FromString(input) : PipeSource.Null)
                .WithStandardOutputPipe(PipeTarget.Create((stream, stop) => BoundedLines.ReadAsync(stream, line => Take(output, line), stop)))
                .WithStandardErrorPipe(PipeTarget.Create((stream, stop) => BoundedLines.ReadAsync(stream, line => Take(error, line), stop)))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(forceful.Token, graceful.Token);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or CliWrapException)
        {
            throw NotStarted(command, e);
        }

        await using var asked = cancellation.Register(() =>
        {
            if (!OperatingSystem.IsWindows() && !running.Task.IsCompleted)
            {
                _ = Libc.Kill(running.ProcessId, Libc.SigTerm);
            }
        });
        await using var patience = cancellation.Register(() => _ = KillLaterAsync(forceful, running));
        try
        {
            var result = await running;
            cancellation.ThrowIfCancellationRequested();
            return new(command, result.ExitCode, output.ToString(), error.ToString());
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }

        void Take(BoundedText text, string line)
        {
            lock (gate)
            {
                text.AppendLine(line);
                command.OnLine?.Invoke(line);
            }
        }
    }

    private async Task KillLaterAsync(CancellationTokenSource forceful, CommandTask<CliWrap.CommandResult> running)
    {
        var ended = running.Task.ContinueWith(static _ => { }, TaskScheduler.Default);
        await Task.WhenAny(ended, Task.Delay(grace, time, CancellationToken.None));
        try
        {
            // Also where the program itself is gone: a child of it may hold its output open.
            await forceful.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    private static ProcessException Failure(CommandResult result)
    {
        const int enough = 4000;
        var said = string.Join('\n', new[] { result.Error.Trim(), result.Output.Trim() }.Where(t => t.Length > 0));
        if (said.Length > enough)
        {
            said = "…" + said[^enough..];
        }

        return new(ProcessError.Failed, $"This command failed with exit code {result.ExitCode}:\n  {result.Command}\n{(said.Length > 0 ? said : "(it printed nothing)")}") { Result = result };
    }

    private static ProcessException NotFound(Command command) => Path.GetFileName(command.Program) == command.Program
        ? new(ProcessError.NotFound, $"The program '{command.Program}' is not on this machine's PATH.", $"Install '{command.Program}', or add its folder to PATH.")
        : new(ProcessError.NotFound, $"There is no program '{command.Program}'.", "Check the path.");

    private static ProcessException NotStarted(Command command, Exception e)
    {
        if (command.WorkingFolder is { } folder && !Directory.Exists(folder))
        {
            return new(ProcessError.NotFound, $"'{command.Program}' was to run in the folder '{folder}', which does not exist.", inner: e);
        }

        return new(ProcessError.NotExecutable, $"'{command.Program}' could not be started.", "Check that the file is a program for this machine, and executable.", e);
    }
}
