using System.CommandLine;
using Harmony.Embedded;

namespace Harmony.Cli.Commands.Embedded;

/// <summary>The embedded runtime's own process: hidden, started by its provider only.</summary>
internal static class EmbeddedCommand
{
    public static Command Create(Composition composition)
    {
        var serve = new Command("serve", "Run the embedded runtime until it is told to end.");
        serve.SetAction((_, cancellation) => EmbeddedServer.RunAsync(new EmbeddedOptions(composition.Paths), cancellation));
        var clean = new Command("clean", "Remove what a killed embedded runtime left: containers, mounts, network.");
        clean.SetAction((_, cancellation) => EmbeddedServer.CleanAsync(new EmbeddedOptions(composition.Paths), cancellation));
        return new Command("embedded", "The embedded runtime's process.") { Hidden = true, Subcommands = { serve, clean } };
    }
}
