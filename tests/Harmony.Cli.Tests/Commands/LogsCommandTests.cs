using System.Text.Json.Nodes;
using Harmony.Cli.Commands;
using Harmony.Orchestration.Access;

namespace Harmony.Cli.Tests.Commands;

public sealed class LogsCommandTests
{
    private static readonly LogLine Line = new("web", "web-1-a", "main", OnlyContainer: true, DateTimeOffset.UnixEpoch, "hello [bold]you[/]");

    [Theory]
    [InlineData("web", 33)]
    [InlineData("db", 93)]
    [InlineData("worker", 91)]
    public void A_workload_has_the_same_colour_in_every_run(string workload, int colour) => LogsCommand.ColourOf(workload).ShouldBe(colour);

    [Fact]
    public void In_a_pipe_a_line_has_its_source_in_front_and_no_colour()
    {
        using var terminal = new CapturedTerminal();
        LogsCommand.Show(terminal.Terminal, Line, timed: false, bare: false);
        LogsCommand.Show(terminal.Terminal, Line, timed: true, bare: true);

        terminal.Data.ShouldBe("web-1-a | hello [bold]you[/]\n1970-01-01T00:00:00.000Z hello [bold]you[/]\n");
    }

    [Fact]
    public void On_a_terminal_the_source_has_its_workloads_colour()
    {
        using var terminal = new CapturedTerminal(colour: true);
        LogsCommand.Show(terminal.Terminal, Line, timed: false, bare: false);

        terminal.Data.ShouldBe("\e[33mweb-1-a |\e[0m hello [bold]you[/]\n");
    }

    [Fact]
    public void As_JSON_it_is_one_line_with_letters_as_they_are()
    {
        var text = LogsCommand.ToJson(Line with { Text = "größer\nzwei" }).ToJsonString(Cli.Interaction.JsonOutput.Line);

        text.ShouldNotContain("\n");
        text.ShouldContain("größer");
        JsonNode.Parse(text)!.AsObject().Select(p => p.Key).ShouldBe(["time", "workload", "pod", "container", "text"]);
    }
}
