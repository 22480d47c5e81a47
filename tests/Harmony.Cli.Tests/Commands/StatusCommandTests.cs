using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Readiness;
using Spectre.Console.Testing;

namespace Harmony.Cli.Tests.Commands;

public sealed class StatusCommandTests
{
    private static readonly string LongName = new('n', 60);

    private static readonly ProjectReport Report = new(new() { Name = "shop", Namespace = "shop", Source = "/src/[shop]", Runtime = "embedded", Kubeconfig = "k", Objects = 1 })
    {
        Workloads = [new(new("apps", "Deployment", "shop", LongName), WorkloadStage.Failing, 0, 1, 3, string.Join(' ', Enumerable.Repeat("a long [word]", 30)) + "\nand more")],
        Waiting = [new(new("apps", "Deployment", "shop", LongName), "fails")],
    };

    [Fact]
    public void In_a_pipe_a_workload_is_one_whole_line()
    {
        using var written = new StringWriter();
        using var talk = new TestConsole();
        StatusCommand.Show(new(Stream.Null, SystemTerminal.Create(written, isTerminal: false, colour: true), talk, isLive: false), Report);

        var line = written.ToString().Split('\n').Single(l => l.Contains($"Deployment/{LongName}", StringComparison.Ordinal));
        line.ShouldContain("0/1");
        line.TrimEnd().ShouldEndWith("a long [word] and more");
        written.ToString().ShouldContain("/src/[shop]");
        written.ToString().ShouldNotContain("\e");
    }

    [Fact]
    public void NO_COLOR_leaves_the_colours_out()
    {
        using var written = new StringWriter();

        SystemTerminal.Create(written, isTerminal: true, colour: false).Profile.Capabilities.ColorSystem.ShouldBe(Spectre.Console.ColorSystem.NoColors);
    }
}
