using System.Text.Json.Nodes;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;
using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>Shows what became of a launch: where to reach the project, or what keeps it from working.</summary>
internal static class LaunchReport
{
    public static void Show(Terminal terminal, LaunchResult result)
    {
        switch (result.Outcome)
        {
            case LaunchOutcome.Works:
                terminal.SayMarkup($"[green bold]{Markup.Escape(result.Project)} works[/] [grey]({Words.Duration(result.Duration)})[/]");
                break;
            case LaunchOutcome.Applied:
                terminal.SayMarkup($"[bold]{Markup.Escape(result.Project)} is applied[/]; harmony status tells how it does");
                break;
            case LaunchOutcome.TimedOut:
                terminal.SayMarkup($"[red bold]{Markup.Escape(result.Project)} is not ready after {Words.Duration(result.Duration)}[/]");
                break;
            default:
                terminal.SayMarkup($"[red bold]{Markup.Escape(result.Project)} does not work[/] [grey]({Words.Duration(result.Duration)})[/]");
                break;
        }

        FindingView.Show(terminal, result.Findings);
        foreach (var port in result.Ports)
        {
            terminal.WriteData($"{port.Service}\t{port.Location}");
        }
    }

    public static JsonObject ToJson(LaunchResult result) => new()
    {
        ["project"] = result.Project,
        ["namespace"] = result.Namespace,
        ["outcome"] = result.Outcome.ToString(),
        ["runtime"] = new JsonObject { ["name"] = result.Runtime, ["reason"] = result.Reason },
        ["objects"] = new JsonObject
        {
            ["created"] = result.Applied.Created,
            ["configured"] = result.Applied.Configured,
            ["unchanged"] = result.Applied.Unchanged,
            ["replaced"] = result.Applied.Replaced,
            ["removed"] = result.Applied.Pruned,
        },
        ["workloads"] = new JsonArray([.. result.Workloads.Select(ToJson)]),
        ["ports"] = new JsonArray([.. result.Ports.Select(ToJson)]),
        ["findings"] = new JsonArray([.. result.Findings.Select(FindingView.ToJson)]),
        ["seconds"] = Math.Round(result.Duration.TotalSeconds, 3),
    };

    public static JsonObject ToJson(WorkloadProgress workload) => new()
    {
        ["kind"] = workload.Workload.Kind,
        ["namespace"] = workload.Workload.Namespace,
        ["name"] = workload.Workload.Name,
        ["stage"] = workload.Stage.ToString(),
        ["ready"] = workload.Ready,
        ["wanted"] = workload.Wanted,
        ["restarts"] = workload.Restarts,
        ["detail"] = workload.Detail,
        ["images"] = new JsonArray([.. workload.Images.Select(i => JsonValue.Create(i))]),
    };

    public static JsonObject ToJson(PublishedPort port) => new()
    {
        ["service"] = port.Service,
        ["namespace"] = port.Namespace,
        ["servicePort"] = port.ServicePort,
        ["address"] = port.Address,
        ["localPort"] = port.LocalPort,
        ["location"] = port.Location,
    };
}
