using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Deployment;
using Spectre.Console;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony status [PROJECT]</c>: how launched projects do.</summary>
internal static class StatusCommand
{
    public static Command Create(Composition composition)
    {
        var project = new Argument<string?>("PROJECT") { Description = "The project: its name, or the folder it was launched from; all where left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Show how launched projects do.") { project };
        command.SetAction((parsed, cancellation) => RunAsync(composition, parsed.GetValue(project), parsed.GetValue(SharedOptions.Output), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Composition composition, string? project, OutputFormat format, CancellationToken cancellation)
    {
        var terminal = composition.Terminal;
        var records = project is null ? composition.Records.All : [composition.Locator.Find(project)];
        var reports = await Task.WhenAll(records.Select(r => composition.Inspection.RunAsync(r, cancellation)));
        if (format == OutputFormat.Json)
        {
            terminal.WriteData(new JsonObject { ["projects"] = new JsonArray([.. reports.Select(ToJson)]) }.ToJsonString(JsonOutput.Options));
        }
        else if (reports.Length == 0)
        {
            terminal.Say("No project is launched. harmony up FOLDER launches one.");
        }
        else
        {
            foreach (var report in reports)
            {
                Show(terminal, report);
            }
        }

        return reports.All(r => r.Works) ? 0 : 1;
    }

    internal static void Show(Terminal terminal, ProjectReport report)
    {
        var word = report.Works ? "[green]works[/]" : report.Unreachable is null ? "[red]does not work[/]" : "[yellow]unknown[/]";
        terminal.Data.MarkupLine($"[bold]{Markup.Escape(report.Record.Name)}[/]  {word}  [grey]{Markup.Escape($"{report.Record.Runtime}, namespace {report.Record.Namespace}, {report.Record.Source}")}[/]");
        if (report.Unreachable is { } why)
        {
            terminal.Data.MarkupLine($"  {Markup.Escape(why)}");
        }

        if (report.Workloads.Count > 0)
        {
            var table = new Table().Border(TableBorder.None).AddColumn(new TableColumn("WORKLOAD").NoWrap().PadLeft(2)).AddColumn(new TableColumn("STATUS").NoWrap())
                .AddColumn(new TableColumn("READY").NoWrap()).AddColumn(new TableColumn("RESTARTS").NoWrap()).AddColumn("DETAIL");
            foreach (var workload in report.Workloads)
            {
                table.AddRow(
                    new Text(workload.Workload.ToString()), new Markup($"[{Words.Colour(workload.Stage)}]{Words.Of(workload.Stage)}[/]"),
                    new Text($"{workload.Ready}/{workload.Wanted}"), new Text($"{workload.Restarts}"), new Text(workload.IsDone ? "" : Words.OneLine(workload.Detail)));
            }

            terminal.Data.Write(table);
        }

        foreach (var port in report.Record.Ports)
        {
            terminal.Data.MarkupLine($"  {Markup.Escape($"{port.Service} → {port.Location}{(report.PortFaults.TryGetValue(port, out var fault) ? $" ({fault})" : "")}")}");
        }

        FindingView.Show(terminal, report.Findings);
    }

    internal static JsonObject ToJson(ProjectReport report) => new()
    {
        ["project"] = report.Record.Name,
        ["namespace"] = report.Record.Namespace,
        ["source"] = report.Record.Source,
        ["runtime"] = report.Record.Runtime,
        ["works"] = report.Works,
        ["unreachable"] = report.Unreachable,
        ["workloads"] = new JsonArray([.. report.Workloads.Select(LaunchReport.ToJson)]),
        ["ports"] = new JsonArray([.. report.Record.Ports.Select(p =>
        {
            var json = LaunchReport.ToJson(p);
            json["fault"] = report.PortFaults.GetValueOrDefault(p);
            return json;
        })]),
        ["findings"] = new JsonArray([.. report.Findings.Select(FindingView.ToJson)]),
    };
}
