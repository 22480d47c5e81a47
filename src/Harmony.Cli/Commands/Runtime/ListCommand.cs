using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Runtimes;
using Spectre.Console;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime list</c>.</summary>
internal static class ListCommand
{
    public static Command Create(Composition composition)
    {
        var command = new Command("list", "List the runtimes and how they are.");
        command.SetAction(async (parsed, cancellation) =>
        {
            var statuses = await Task.WhenAll(composition.Runtimes.Select(r => r.GetStatusAsync(cancellation)));
            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                composition.Terminal.WriteData(new JsonObject { ["runtimes"] = new JsonArray([.. statuses.Select(ToJson)]) }.ToJsonString(JsonOutput.Options));
                return 0;
            }

            var table = new Table().Border(TableBorder.None).AddColumn(new TableColumn("NAME").NoWrap()).AddColumn(new TableColumn("STATE").NoWrap()).AddColumn(new TableColumn("VERSION").NoWrap()).AddColumn("DETAIL");
            foreach (var status in statuses)
            {
                table.AddRow(new Text(status.Name), new Text(status.State.ToString()), new Text(status.Version ?? ""), new Text(status.Detail ?? ""));
            }

            composition.Terminal.Data.Write(table);
            return 0;
        });
        return command;
    }

    public static JsonObject ToJson(RuntimeStatus status) => new()
    {
        ["name"] = status.Name,
        ["state"] = status.State.ToString(),
        ["version"] = status.Version,
        ["managed"] = status.Managed,
        ["processId"] = status.ProcessId,
        ["endpoint"] = status.Endpoint,
        ["memoryBytes"] = status.MemoryBytes,
        ["detail"] = status.Detail,
    };
}
