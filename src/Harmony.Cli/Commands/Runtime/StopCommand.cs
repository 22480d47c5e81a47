using System.CommandLine;
using Harmony.Cli.Interaction;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime stop [RUNTIME]</c>: ends it and all that it runs; data stays.</summary>
internal static class StopCommand
{
    public static Command Create(Composition composition)
    {
        var name = RuntimeCommand.Name();
        var command = new Command("stop", "Stop a runtime and everything on it; its data stays.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var runtime = composition.Runtime(parsed.GetValue(name)!);
            await composition.Ports.SuspendAsync(runtime.Name, cancellation);
            await runtime.StopAsync(cancellation);
            composition.Terminal.Say($"{runtime.Name} is stopped");
            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                composition.Terminal.WriteData(ListCommand.ToJson(await runtime.GetStatusAsync(cancellation)).ToJsonString(JsonOutput.Options));
            }

            return 0;
        });
        return command;
    }
}
