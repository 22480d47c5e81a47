using System.ComponentModel;
using CliWrap;

namespace Harmony.Platform.Processes;

/// <summary>Runs a program whose streams are somebody's connection rather than text: a client's exec session.</summary>
public static class StreamedCommand
{
    /// <summary>Runs the program to its end and returns its exit code. A null stream is not wanted. Cancellation kills it.</summary>
    /// <exception cref="ProcessException">The program could not be started.</exception>
    public static async Task<int> RunAsync(Command command, Stream? input, Stream? output, Stream? error, CancellationToken cancellation)
    {
        var program = Programs.Find(command.Program)
            ?? throw new ProcessException(ProcessError.NotFound, $"There is no program '{command.Program}' on this machine.");
        try
        {
            var result = await Cli.Wrap(program)
                .WithArguments(command.Arguments)
                .WithEnvironmentVariables(command.Environment)
                .WithWorkingDirectory(command.WorkingFolder ?? "")
                .WithValidation(CommandResultValidation.None)
                .WithStandardInputPipe(input is null ? PipeSource.Null : PipeSource.FromStream(input, autoFlush: true))
                .WithStandardOutputPipe(output is null ? PipeTarget.Null : PipeTarget.ToStream(output, autoFlush: true))
                .WithStandardErrorPipe(error is null ? PipeTarget.Null : PipeTarget.ToStream(error, autoFlush: true))
                .ExecuteAsync(cancellation);
            return result.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new ProcessException(ProcessError.NotExecutable, $"'{command.Program}' could not be started.", "Check that the file is a program for this machine, and executable.", e);
        }
    }
}
