using System.Text.Json.Nodes;
using Harmony.Orchestration.Diagnosis;
using Spectre.Console;

namespace Harmony.Cli.Interaction;

/// <summary>Shows findings: subject, explanation, evidence, fix, log lines.</summary>
internal static class FindingView
{
    public static void Show(Terminal terminal, IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            terminal.Say("");
            terminal.SayMarkup($"[red bold]✗ {Markup.Escape(finding.Subject.ToString())}[/]  [grey]{finding.Code}[/]");
            terminal.Say($"  {finding.Explanation}");
            if (finding.Image is { } image)
            {
                terminal.Say($"  image: {image}");
            }

            foreach (var evidence in finding.Evidence.Where(e => e.Length > 0))
            {
                terminal.Say($"  evidence: {evidence}");
            }

            if (finding.LogLines.Count > 0)
            {
                terminal.Say($"  last log lines of {finding.Pod}{(finding.Container is { } container ? $", container {container}" : "")}:");
                foreach (var line in finding.LogLines)
                {
                    terminal.Say($"    {line}");
                }
            }

            terminal.SayMarkup($"  [cyan]fix[/]: {Markup.Escape(finding.Fix)}");
        }
    }

    public static JsonObject ToJson(Finding finding) => new()
    {
        ["code"] = finding.Code.ToString(),
        ["subject"] = new JsonObject { ["kind"] = finding.Subject.Kind, ["namespace"] = finding.Subject.Namespace, ["name"] = finding.Subject.Name },
        ["explanation"] = finding.Explanation,
        ["evidence"] = new JsonArray([.. finding.Evidence.Select(e => JsonValue.Create(e))]),
        ["fix"] = finding.Fix,
        ["pod"] = finding.Pod,
        ["container"] = finding.Container,
        ["image"] = finding.Image,
        ["log"] = new JsonArray([.. finding.LogLines.Select(l => JsonValue.Create(l))]),
    };
}
