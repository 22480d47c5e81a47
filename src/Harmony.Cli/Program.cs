using System.CommandLine;
using System.Runtime.InteropServices;
using Harmony.Cli;
using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Platform;
using Harmony.Platform.Paths;

// What scripts ask most often needs nothing else to be made.
if (args is ["--version"])
{
    using var stdout = SystemTerminal.OpenOutput();
    stdout.Write(System.Text.Encoding.UTF8.GetBytes(VersionCommand.Version + "\n"));
    return 0;
}

using var interruption = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
var terminal = SystemTerminal.Open();
var parsed = RootCommands.Create(new Composition(terminal, HarmonyPaths.FromEnvironment(), TimeProvider.System)).Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        terminal.SayMarkup($"[red bold]error[/]: {Spectre.Console.Markup.Escape(error.Message)}");
    }

    terminal.Say($"harmony {string.Join(' ', RootCommands.PathOf(parsed))}--help shows what can be given.");
    return ExitCodes.WrongUsage;
}

try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
}
catch (OperationCanceledException) when (interruption.IsCancellationRequested)
{
    return ExitCodes.Interrupted;
}
catch (HarmonyException error)
{
    ErrorReport.Show(terminal, error, parsed.GetValue(SharedOptions.Output));
    return error.ExitCode;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException)
{
    ErrorReport.Show(terminal, error, parsed.GetValue(SharedOptions.Output));
    return ExitCodes.MachineCannot;
}

void Interrupt(PosixSignalContext context)
{
    // The first one asks; the second one is the system's own, and ends at once.
    if (!interruption.IsCancellationRequested)
    {
        context.Cancel = true;
        interruption.Cancel();
    }
}
