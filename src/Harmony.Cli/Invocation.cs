using System.CommandLine;
using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Platform;

namespace Harmony.Cli;

/// <summary>One command from its words to its exit code: the one place where an exception becomes a message.</summary>
internal static class Invocation
{
    private const int BrokenPipe = 32;

    public static Task<int> RunAsync(IReadOnlyList<string> words, Composition composition, CancellationToken interruption)
    {
        var parsed = RootCommands.Create(composition).Parse(words);
        return RunAsync(
            () => parsed.Errors.Count > 0
                ? throw new UsageException(string.Join('\n', parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal)), $"harmony {RootCommands.PathOf(parsed)}--help shows what can be given.")
                : parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption),
            composition.Terminal, SharedOptions.FormatOf(parsed), interruption);
    }

    /// <summary>Runs the work, and turns what it throws into words and an exit code.</summary>
    internal static async Task<int> RunAsync(Func<Task<int>> work, Terminal terminal, OutputFormat format, CancellationToken interruption)
    {
        try
        {
            return await work();
        }
        catch (Exception) when (interruption.IsCancellationRequested)
        {
            // Whatever the interruption has torn is no news to who asked for it.
            return ExitCodes.Interrupted;
        }
        catch (HarmonyException error)
        {
            ErrorReport.Show(terminal, error, format);
            return error.ExitCode;
        }
        catch (IOException error) when (!OperatingSystem.IsWindows() && error.HResult == BrokenPipe)
        {
            // Who read the data has read enough: harmony logs | head.
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            ErrorReport.Show(terminal, error, format);
            return ExitCodes.MachineCannot;
        }
        catch (Exception error)
        {
            ErrorReport.Show(terminal, error, format);
            return ExitCodes.Failed;
        }
    }
}
