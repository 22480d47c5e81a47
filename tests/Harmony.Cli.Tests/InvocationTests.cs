using System.Text.Json.Nodes;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Paths;
using Harmony.Testing;

namespace Harmony.Cli.Tests;

public sealed class InvocationTests : IDisposable
{
    private readonly TemporaryFolder home = new();
    private readonly CapturedTerminal terminal = new();

    public void Dispose()
    {
        terminal.Dispose();
        home.Dispose();
    }

    private Task<int> RunAsync(params string[] words) =>
        Invocation.RunAsync(words, new Composition(terminal.Terminal, HarmonyPaths.Under(home.Path), TimeProvider.System), TestContext.Current.CancellationToken);

    private Task<int> FailAsync(Exception error, OutputFormat format = OutputFormat.Text, bool interrupted = false) =>
        Invocation.RunAsync(() => throw error, terminal.Terminal, format, new CancellationToken(interrupted));

    [Theory]
    [InlineData("up --timeout soon", "'soon' is no duration")]
    [InlineData("up --publish web", "'web' is no port to publish")]
    [InlineData("up --kubeconfig file", "--kubeconfig needs --context")]
    [InlineData("logs --tail -1", "--tail takes a number of lines")]
    [InlineData("status --output xml", "xml")]
    [InlineData("status --output 7", "7")]
    [InlineData("completion tcsh", "tcsh")]
    [InlineData("up --tiemout", "'--tiemout' is no option")]
    [InlineData("down --volume", "'--volume' is no option")]
    [InlineData("launch", "launch")]
    [InlineData("exec web", "exec")]
    public async Task What_cannot_be_understood_is_wrong_usage(string line, string said)
    {
        (await RunAsync(line.Split(' '))).ShouldBe(2);

        terminal.Talk.ShouldContain(said);
        terminal.Talk.ShouldContain("--help shows what can be given");
        terminal.Data.ShouldBeEmpty("data goes to stdout, and this is none");
    }

    [Fact]
    public async Task The_help_of_the_very_command_is_named()
    {
        await RunAsync("runtime", "status", "--nonsense");

        terminal.Talk.ShouldContain("harmony runtime status --help");
    }

    [Fact]
    public async Task Wrong_usage_is_JSON_where_JSON_is_asked_for()
    {
        (await RunAsync("up", "--timeout", "soon", "-o", "json")).ShouldBe(2);

        JsonNode.Parse(terminal.Data)!["error"]!["code"]!.GetValue<string>().ShouldBe("WrongUsage");
        terminal.Talk.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_error_ends_with_its_own_exit_code()
    {
        (await RunAsync("down")).ShouldBe(2);

        terminal.Talk.ShouldContain("No project is launched.");
    }

    [Fact]
    public async Task Nothing_launched_is_an_empty_list()
    {
        (await RunAsync("status", "-o", "json")).ShouldBe(0);

        JsonNode.Parse(terminal.Data)!["projects"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_nobody_foresaw_is_no_stack_trace()
    {
        (await FailAsync(new InvalidOperationException("the list was changed"))).ShouldBe(1);

        terminal.Talk.ShouldContain("InvalidOperationException: the list was changed");
        terminal.Talk.ShouldContain("a fault of harmony itself");
        terminal.Talk.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_full_disk_is_this_machines_problem() => (await FailAsync(new IOException("No space left on device"))).ShouldBe(3);

    [Fact]
    public async Task A_reader_who_has_enough_is_no_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such error.");

        (await FailAsync(new IOException("Broken pipe", 32))).ShouldBe(0);
        terminal.Talk.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_interruption_is_silent_whatever_it_has_torn()
    {
        (await FailAsync(new OperationCanceledException(), interrupted: true)).ShouldBe(130);
        (await FailAsync(new LaunchException(LaunchError.ApplyFailed, "the connection was lost"), interrupted: true)).ShouldBe(130);

        terminal.Talk.ShouldBeEmpty();
        terminal.Data.ShouldBeEmpty();
    }
}
