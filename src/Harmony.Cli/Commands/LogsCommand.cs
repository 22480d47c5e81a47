using System.CommandLine;
using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Access;

namespace Harmony.Cli.Commands;

/// <summary><c>harmony logs [WORKLOAD...]</c>: what the workloads write, merged.</summary>
internal static class LogsCommand
{
    // ANSI's six colours, first as they are, then bright; neither black nor white, which some terminal has as its background.
    private static readonly int[] Colours = [36, 33, 32, 35, 34, 31, 96, 93, 92, 95, 94, 91];

    public static Command Create(Composition composition)
    {
        var workloads = new Argument<string[]>("WORKLOAD") { Description = "Only these: names, or KIND/NAME as in deployment/web.", Arity = ArgumentArity.ZeroOrMore };
        var project = SharedOptions.Project();
        var container = SharedOptions.Container();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as more is written." };
        var since = new Option<TimeSpan?>("--since") { Description = "Only what is younger, such as 5m.", CustomParser = Duration.Read };
        var tail = new Option<long?>("--tail") { Description = "Only the last lines of each container." };
        tail.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long?>() < 0)
            {
                result.AddError("--tail takes a number of lines.");
            }
        });
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
            var record = composition.Locator.Find(parsed.GetValue(project));
            await using var api = composition.Connect(record);
            await foreach (var line in new ProjectLogs(api, composition.Time).ReadAsync(record.Namespace, query, cancellation))
            {
                if (json)
                {
                    composition.Terminal.WriteData(ToJson(line).ToJsonString(JsonOutput.Line));
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

    internal static void Show(Terminal terminal, LogLine line, bool timed, bool bare)
    {
        var time = timed && line.Time is { } t ? $"{t.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} " : "";
        var prefix = bare ? "" : terminal.HasColour ? $"\e[{ColourOf(line.Workload)}m{line.Source} |\e[0m " : $"{line.Source} | ";
        terminal.WriteData(prefix + time + line.Text);
    }

    /// <summary>The same for a workload in every run, whatever its pods are called (string.GetHashCode changes with each process).</summary>
    internal static int ColourOf(string workload)
    {
        var hash = 2166136261u;
        foreach (var c in workload)
        {
            hash = unchecked((hash ^ c) * 16777619u);
        }

        return Colours[hash % (uint)Colours.Length];
    }

    internal static JsonObject ToJson(LogLine line) => new()
    {
        ["time"] = line.Time?.ToString("O"),
        ["workload"] = line.Workload,
        ["pod"] = line.Pod,
        ["container"] = line.Container,
        ["text"] = line.Text,
    };
}
