using System.CommandLine;
using Harmony.Orchestration.Access;

namespace Harmony.Cli.Commands.Ports;

/// <summary>The process behind published ports: hidden, started by the port publisher only.</summary>
internal static class PortsCommand
{
    public static Command Create(Composition composition)
    {
        var serve = new Command("serve", "Serve the published ports of all projects until there are none.");
        serve.SetAction(async (_, cancellation) =>
        {
            var server = new PortServer(composition.Records, composition.Paths, composition.Connect, composition.Time,
                line => composition.Terminal.Say($"{composition.Time.GetUtcNow():O} {line}"));
            await server.RunAsync(cancellation);
            return 0;
        });
        return new Command("ports", "The process that serves published ports.") { Hidden = true, Subcommands = { serve } };
    }
}
