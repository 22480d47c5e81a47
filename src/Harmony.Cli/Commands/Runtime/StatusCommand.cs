using System.CommandLine;
using Harmony.Cli.Interaction;
using Harmony.Runtimes;

namespace Harmony.Cli.Commands.Runtime;

/// <summary><c>harmony runtime status [RUNTIME]</c>: exit code 0 while it runs, 1 else.</summary>
internal static class StatusCommand
{
    public static Command Create(Composition composition)
    {
        var name = RuntimeCommand.Name();
        var command = new Command("status", "Show how a runtime is, and what would stop it here.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            var runtime = composition.Runtime(parsed.GetValue(name)!);
            var status = await runtime.GetStatusAsync(cancellation);
            var checks = await runtime.CheckAsync(cancellation);
            var terminal = composition.Terminal;
            if (parsed.GetValue(SharedOptions.Output) == OutputFormat.Json)
            {
                var json = ListCommand.ToJson(status);
                json["checks"] = new System.Text.Json.Nodes.JsonArray([.. checks.Select(c =>
                    new System.Text.Json.Nodes.JsonObject { ["code"] = c.Code, ["message"] = c.Message, ["fix"] = c.Fix, ["blocks"] = c.Blocks })]);
                terminal.WriteData(json.ToJsonString(JsonOutput.Options));
            }
            else
            {
                terminal.WriteData($"{status.Name}: {status.State}");
                foreach (var (label, value) in Facts(status).Where(f => f.Value is not null))
                {
                    terminal.WriteData($"  {label,-9} {value}");
                }

                foreach (var check in checks)
                {
                    terminal.WriteData($"  {(check.Blocks ? "blocked" : "limited")}   {check.Message} {check.Fix}");
                }
            }

            return status.State == RuntimeState.Running ? 0 : 1;
        });
        return command;
    }

    private static IEnumerable<(string Label, string? Value)> Facts(RuntimeStatus status) =>
    [
        ("version", status.Version),
        ("endpoint", status.Endpoint),
        ("process", status.ProcessId?.ToString()),
        ("memory", status.MemoryBytes is { } bytes ? $"{bytes / 1024 / 1024} MB" : null),
        ("detail", status.Detail),
    ];
}
