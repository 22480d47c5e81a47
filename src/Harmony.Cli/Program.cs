using System.Runtime.InteropServices;
using Harmony.Cli;
using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Platform.Paths;

// What scripts ask most often needs nothing else to be made.
if (args is ["--version"])
{
    using var stdout = SystemTerminal.OpenOutput();
    stdout.Write(System.Text.Encoding.UTF8.GetBytes(VersionCommand.Version + "\n"));
    return 0;
}

var terminal = SystemTerminal.Open();
using var interruption = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
return await Invocation.RunAsync(args, new Composition(terminal, HarmonyPaths.FromEnvironment(), TimeProvider.System), interruption.Token);

void Interrupt(PosixSignalContext context)
{
    // The first one asks; the second one is the system's own, and ends at once.
    if (!interruption.IsCancellationRequested)
    {
        context.Cancel = true;
        interruption.Cancel();
    }
    else
    {
        terminal.ShowCursor();
    }
}
