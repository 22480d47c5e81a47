using Harmony.Platform.Processes;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Processes;

public sealed class CommandRunnerTests
{
    private readonly CommandRunner runner = new(grace: TimeSpan.FromSeconds(1));

    public CommandRunnerTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "These tests run a Unix shell.");

    [Fact]
    public async Task The_output_the_error_and_the_exit_code_come_back()
    {
        var result = await runner.TryRunAsync(Shell("echo out; echo err >&2; exit 7"), CancellationToken.None);

        (result.Output, result.Error, result.ExitCode).ShouldBe(("out\n", "err\n", 7));
    }

    [Fact]
    public async Task Input_environment_and_folder_reach_the_program()
    {
        var command = Shell("cat; echo $WORD ${HOME-unset}; pwd") with
        {
            Input = "given\n",
            Environment = Command.Of("").Environment.Add("WORD", "hello").Add("HOME", null),
            WorkingFolder = "/",
        };

        (await runner.RunAsync(command, CancellationToken.None)).Output.ShouldBe("given\nhello unset\n/\n");
    }

    [Fact]
    public async Task A_failure_shows_a_line_to_paste_and_what_was_printed()
    {
        var error = await Should.ThrowAsync<ProcessException>(() => runner.RunAsync(Shell("echo 'it is broken' >&2; exit 3"), CancellationToken.None));

        error.Code.ShouldBe(ProcessError.Failed);
        error.Message.ShouldContain("sh -c 'echo '\\''it is broken'\\''");
        error.Message.ShouldContain("exit code 3");
        error.Message.ShouldContain("\nit is broken");
        error.Result!.ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task A_missing_program_is_named_with_a_hint()
    {
        var error = await Should.ThrowAsync<ProcessException>(() => runner.TryRunAsync(Command.Of("no-such-program-here"), CancellationToken.None));

        error.Code.ShouldBe(ProcessError.NotFound);
        error.Message.ShouldContain("no-such-program-here");
        error.Hint.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_file_that_is_no_program_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("garbage", "\u0001\u0002 not a program");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        (await Should.ThrowAsync<ProcessException>(() => runner.TryRunAsync(Command.Of(path), CancellationToken.None))).Code.ShouldBe(ProcessError.NotExecutable);
    }

    [Fact]
    public async Task Endless_output_keeps_its_start_and_its_end_only()
    {
        var result = await runner.TryRunAsync(Shell("echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last"), CancellationToken.None);

        result.Output.Length.ShouldBeLessThan(1_200_000);
        result.Output.ShouldStartWith("first\n");
        result.Output.ShouldEndWith("last\n");
        result.Output.ShouldContain("characters left out");
    }

    [Fact]
    public async Task Lines_are_told_as_they_come()
    {
        var first = new TaskCompletionSource<string>();
        using var stop = new CancellationTokenSource();
        var running = runner.TryRunAsync(Shell("echo ready; sleep 60") with { OnLine = line => first.TrySetResult(line) }, stop.Token);

        (await first.Task.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe("ready");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_cancelled_program_may_end_in_its_own_way()
    {
        using var folder = new TemporaryFolder();
        var ready = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var script = $"trap 'echo tidy > {folder.File("tidied")}; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
        var running = runner.TryRunAsync(Shell(script) with { OnLine = _ => ready.TrySetResult() }, stop.Token);
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
        File.Exists(folder.File("tidied")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_program_that_does_not_listen_is_killed_with_its_children()
    {
        var child = new TaskCompletionSource<int>();
        using var stop = new CancellationTokenSource();
        var command = Shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.1; done' & wait; wait") with
        {
            OnLine = line => child.TrySetResult(int.Parse(line, System.Globalization.CultureInfo.InvariantCulture)),
        };
        var running = runner.TryRunAsync(command, stop.Token);
        var id = ProcessIdentity.Of(await child.Task.WaitAsync(TimeSpan.FromSeconds(30)))!;

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
        for (var i = 0; i < 200 && id.IsAlive; i++)
        {
            await Task.Delay(25);
        }

        id.IsAlive.ShouldBeFalse();
    }

    private static Command Shell(string script) => Command.Of("sh", "-c", script);
}
