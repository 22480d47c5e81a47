using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony down [PROJECT]</c>: takes a project off its cluster.</summary>
internal static class DownCommand
{
    public static Command Create(Composition composition)
    {
        var project = new Argument<string?>("PROJECT") { Description = "The project: its name, or the folder it was launched from.", Arity = ArgumentArity.ZeroOrOne };
        var volumes = new Option<bool>("--volumes") { Description = "Delete its volumes too, with all data in them." };
        var timeout = new Option<TimeSpan?>("--timeout") { Description = "How long to wait for its end (2m).", CustomParser = Duration.Read };
        var command = new Command("down", "Stop a project and remove it; its volumes stay unless --volumes is given.") { project, volumes, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var terminal = composition.Terminal;
            var record = composition.Locator.Find(parsed.GetValue(project));
            var removed = await composition.Removal.RunAsync(
                record, parsed.GetValue(volumes), parsed.GetValue(timeout) ?? TimeSpan.FromMinutes(2), terminal.Say, cancellation);
            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                terminal.WriteData(new JsonObject { ["project"] = record.Name, ["removed"] = removed.Objects, ["volumesKept"] = removed.VolumesKept }.ToJsonString(JsonOutput.Options));
            }
            else
            {
                terminal.Say(removed.VolumesKept > 0
                    ? $"{record.Name} is down; {removed.VolumesKept} volume{(removed.VolumesKept == 1 ? " keeps its" : "s keep their")} data (harmony up {record.Source} uses {(removed.VolumesKept == 1 ? "it" : "them")} again)"
                    : $"{record.Name} is down");
            }

            return 0;
        });
        return command;
    }
}
