using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Access;
using Spectre.Console;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony logs [WORKLOAD...]</c>: what the workloads write, merged.</summary>
internal static class LogsCommand
{
    private static readonly string[] Colours = ["aqua", "yellow", "green", "fuchsia", "blue", "olive", "teal", "maroon"];

    public static Command Create(Composition composition)
    {
        var workloads = new Argument<string[]>("WORKLOAD") { Description = "Only these: names, or KIND/NAME as in deployment/web.", Arity = ArgumentArity.ZeroOrMore };
        var project = SharedOptions.Project();
        var container = SharedOptions.Container();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as more is written." };
        var since = new Option<TimeSpan?>("--since") { Description = "Only what is younger, such as 5m.", CustomParser = Duration.Read };
        var tail = new Option<long?>("--tail") { Description = "Only the last lines of each container." };
        var previous = new Option<bool>("--previous") { Description = "What the containers wrote before their last restart." };
        var timestamps = new Option<bool>("--timestamps", "-t") { Description = "Show when each line was written." };
        var noPrefix = new Option<bool>("--no-prefix") { Description = "Leave the workload's name out." };
        var command = new Command("logs", "Show what workloads write, merged by time.") { workloads, project, container, follow, since, tail, previous, timestamps, noPrefix };
        command.SetAction(async (parsed, cancellation) =>
        {
            var query = new LogQuery
            {
                Workloads = parsed.GetValue(workloads) ?? [],
                Container = parsed.GetValue(container),
                Follow = parsed.GetValue(follow),
                Since = parsed.GetValue(since),
                Tail = parsed.GetValue(tail),
                Previous = parsed.GetValue(previous),
            };
            var (timed, bare, json) = (parsed.GetValue(timestamps), parsed.GetValue(noPrefix), parsed.GetValue(SharedOptions.Output) == OutputFormat.Json);
            await using var api = await composition.ConnectAsync(composition.Locator.Find(parsed.GetValue(project)), cancellation);
            var record = composition.Locator.Find(parsed.GetValue(project));
            await foreach (var line in new ProjectLogs(api, composition.Time).ReadAsync(record.Namespace, query, cancellation))
            {
                if (json)
                {
                    composition.Terminal.WriteData(ToJson(line).ToJsonString());
                }
                else
                {
                    Show(composition.Terminal, line, timed, bare);
                }
            }

            return 0;
        });
        return command;
    }

    private static void Show(Terminal terminal, LogLine line, bool timed, bool bare)
    {
        var time = timed && line.Time is { } t ? $"{t:yyyy-MM-ddTHH:mm:ss.fffZ} " : "";
        if (bare)
        {
            terminal.WriteData(time + line.Text);
        }
        else if (terminal.Data.Profile.Capabilities.Ansi && terminal.Data.Profile.Capabilities.ColorSystem != ColorSystem.NoColors)
        {
            var colour = Colours[(int)((uint)string.GetHashCode(line.Source, StringComparison.Ordinal) % (uint)Colours.Length)];
            terminal.Data.Write(new Markup($"[{colour}]{Markup.Escape(line.Source)} |[/] "));
            terminal.WriteData(time + line.Text);
        }
        else
        {
            terminal.WriteData($"{line.Source} | {time}{line.Text}");
        }
    }

    private static JsonObject ToJson(LogLine line) => new()
    {
        ["time"] = line.Time?.ToString("O"),
        ["workload"] = line.Workload,
        ["pod"] = line.Pod,
        ["container"] = line.Container,
        ["text"] = line.Text,
    };
}
