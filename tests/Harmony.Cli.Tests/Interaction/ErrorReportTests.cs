using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Launching;

namespace Harmony.Cli.Tests.Interaction;

public sealed class ErrorReportTests : IDisposable
{
    private readonly CapturedTerminal terminal = new(width: 40);

    public void Dispose() => terminal.Dispose();

    [Fact]
    public void The_message_comes_first_then_each_cause_then_what_to_do()
    {
        ErrorReport.Show(terminal.Terminal, new LaunchException(LaunchError.ApplyFailed, "Applying failed.", "Do it again.",
            new IOException("The connection broke.", new TimeoutException("Nothing came."))), OutputFormat.Text);

        terminal.Talk.ShouldBe("error: Applying failed.\n  because: The connection broke.\n  because: Nothing came.\nhint: Do it again.\n");
    }

    [Fact]
    public void A_cause_that_the_message_quotes_is_not_said_twice()
    {
        ErrorReport.Show(terminal.Terminal, new LaunchException(LaunchError.ApplyFailed, "It failed: no disk", null, new IOException("no disk")), OutputFormat.Text);

        terminal.Talk.ShouldBe("error: It failed: no disk\n");
    }

    [Fact]
    public void Long_lines_are_never_broken_for_they_may_be_copied()
    {
        var path = "/" + string.Join('/', Enumerable.Repeat("folder with blanks", 10));
        ErrorReport.Show(terminal.Terminal, new LaunchException(LaunchError.ApplyFailed, path), OutputFormat.Text);

        terminal.Talk.ShouldContain(path);
    }

    [Fact]
    public void Neither_markup_nor_control_sequences_in_a_message_do_anything()
    {
        ErrorReport.Show(terminal.Terminal, new LaunchException(LaunchError.ApplyFailed, "[red]a[/] \e[2J\e]0;title\ab [/nonsense]\r"), OutputFormat.Text);

        terminal.Talk.ShouldBe("error: [red]a[/] b [/nonsense]\n");
    }

    [Fact]
    public void As_JSON_it_is_one_document_on_stdout()
    {
        ErrorReport.Show(terminal.Terminal, new LaunchException(LaunchError.PortTaken, "Taken.", "Choose another.", new IOException("why")), OutputFormat.Json);

        JsonNode.DeepEquals(JsonNode.Parse(terminal.Data), JsonNode.Parse("""{"error":{"code":"PortTaken","message":"Taken.","hint":"Choose another.","causes":["why"]}}""")).ShouldBeTrue(terminal.Data);
        terminal.Talk.ShouldBeEmpty();
    }
}
