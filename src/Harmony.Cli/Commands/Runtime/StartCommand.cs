using System.CommandLine;
using Harmony.Cli.Interaction;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime start [RUNTIME]</c>.</summary>
internal static class StartCommand
{
    public static Command Create(Composition composition)
    {
        var name = RuntimeCommand.Name();
        var command = new Command("start", "Start a runtime; returns when it is ready.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var runtime = composition.Runtime(parsed.GetValue(name)!);
            var progress = new SayProgress(composition.Terminal);
            await runtime.InstallAsync(progress, cancellation);
            await runtime.StartAsync(progress, cancellation);
            await composition.Ports.ResumeAsync(runtime.Name, cancellation);
            composition.Terminal.Say($"{runtime.Name} runs");
            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                composition.Terminal.WriteData(ListCommand.ToJson(await runtime.GetStatusAsync(cancellation)).ToJsonString(JsonOutput.Options));
            }

            return 0;
        });
        return command;
    }

    private sealed class SayProgress(Interaction.Terminal terminal) : IProgress<string>
    {
        public void Report(string value) => terminal.Say(value);
    }
}
