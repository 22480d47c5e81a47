using System.CommandLine;
using System.Text;
using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Diagnosis;
using Harmony.Platform.Paths;
using Spectre.Console.Testing;

namespace Harmony.Cli.Tests;

/// <summary>The reference is generated from the code: HARMONY_UPDATE_DOCS=1 ./test --filter-class '*ReferenceTests' writes it anew.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void The_reference_of_commands_is_what_the_code_says() => Check("commands.md", Commands());

    [Fact]
    public void The_reference_of_findings_is_what_the_code_says() => Check("findings.md", Findings());

    private static void Check(string name, string text)
    {
        var file = Path.Combine(Repository.Root, "docs", "reference", name);
        if (Environment.GetEnvironmentVariable("HARMONY_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, text);
        }

        File.ReadAllText(file).ShouldBe(text, $"docs/reference/{name} is old; write it anew with HARMONY_UPDATE_DOCS=1 ./test --filter-class '*ReferenceTests'");
    }

    private static string Findings()
    {
        var text = new StringBuilder("# Findings\n\nWhat keeps a project from working, as `harmony up` and `harmony status` say it. Generated from the code.\n\n| code | what it means | what to do |\n| --- | --- | --- |\n");
        foreach (var code in Enum.GetValues<FindingCode>())
        {
            var entry = FindingCatalog.Of(code);
            text.Append($"| {code} | {Cell(entry.Explanation)} | {Cell(entry.Fix)} |\n");
        }

        return text.ToString();
    }

    private static string Commands()
    {
        using var console = new TestConsole();
        var terminal = new Terminal(Stream.Null, console, console, isLive: false);
        var root = RootCommands.Create(new Composition(terminal, HarmonyPaths.Under("/nowhere"), TimeProvider.System));
        var text = new StringBuilder("# Commands\n\nEvery command also takes `--output text|json`, `--yes` and `--help`. Generated from the code.\n");
        foreach (var command in root.Subcommands.Where(c => !c.Hidden))
        {
            Describe(text, command, "harmony");
        }

        return text.ToString();
    }

    private static void Describe(StringBuilder text, Command command, string parent)
    {
        var name = $"{parent} {command.Name}";
        if (command.Subcommands.Count > 0)
        {
            foreach (var sub in command.Subcommands)
            {
                Describe(text, sub, name);
            }

            return;
        }

        text.Append($"\n## {name}\n{command.Description}\n");
        if (command.Arguments.Count + command.Options.Count == 0)
        {
            return;
        }

        text.Append("\n| argument | meaning |\n| --- | --- |\n");
        foreach (var argument in command.Arguments)
        {
            text.Append($"| `{argument.Name}{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}` | {Cell(argument.Description)} |\n");
        }

        foreach (var option in command.Options.Where(o => !o.Hidden && o.Name != "--help"))
        {
            text.Append($"| `{string.Join("`, `", option.Aliases.Prepend(option.Name).Distinct())}` | {Cell(option.Description)} |\n");
        }
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
