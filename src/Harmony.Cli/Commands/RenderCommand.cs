using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Kubernetes.Objects;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony render [SOURCE]</c>: the Kubernetes objects that <c>up</c> would apply. Touches no cluster.</summary>
internal static class RenderCommand
{
    public static Command Create(Composition composition)
    {
        var source = new Argument<string>("SOURCE") { Description = "The project: a folder or a file.", DefaultValueFactory = _ => "." };
        var name = new Option<string?>("--name") { Description = "The project's name, where the folder's does not serve." };
        var command = new Command("render", "Print the Kubernetes objects that up would apply.") { source, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var project = await composition.Loader.LoadAsync(parsed.GetValue(source)!, parsed.GetValue(name), cancellation);
            foreach (var note in project.Notes)
            {
                composition.Terminal.Say($"note: {note}");
            }

            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                var list = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray([.. project.Objects.Select(o => o.Json.DeepClone())]) };
                composition.Terminal.WriteData(list.ToJsonString(JsonOutput.Options));
            }
            else
            {
                composition.Terminal.WriteData(string.Join("---\n", project.Objects.Select(o => YamlWriter.Write(o.Json))).TrimEnd('\n'));
            }

            return 0;
        });
        return command;
    }
}
