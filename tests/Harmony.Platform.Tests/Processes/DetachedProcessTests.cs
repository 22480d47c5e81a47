using System.Globalization;
using Harmony.Platform.Processes;
using Harmony.Testing;

namespace Harmony.Platform.Tests.Processes;

public sealed class DetachedProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<DetachedProcess> started = [];

    public DetachedProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "These tests run a Unix shell.");

    public void Dispose()
    {
        foreach (var process in started)
        {
            Signal.Send(process.Identity, Signal.Kill);
        }

        folder.Dispose();
    }

    [Fact]
    public async Task It_leads_its_own_session_in_the_root_folder_with_its_output_in_the_log()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The session is read from /proc.");
        var process = Start("pwd; cut -d' ' -f6 /proc/$$/stat; echo $$; echo wrong >&2; ls /proc/$$/fd | wc -l");

        (await process.WaitForExitAsync(TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldBeTrue();

        var lines = File.ReadAllLines(folder.File("log"));
        lines[0].ShouldBe("/");
        lines[1].ShouldBe(lines[2]);
        lines[2].ShouldBe(process.Id.ToString(CultureInfo.InvariantCulture));
        lines[3].ShouldBe("wrong");
        int.Parse(lines[4], CultureInfo.InvariantCulture).ShouldBe(3);
    }

    [Fact]
    public async Task The_pid_file_finds_it_until_it_is_ended()
    {
        var process = Start("while :; do sleep 0.05; done");

        var found = DetachedProcess.Find(folder.File("pid"))!;
        found.Identity.ShouldBe(process.Identity);
        (await found.TerminateAsync(TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldBeTrue();

        process.IsAlive.ShouldBeFalse();
        File.Exists(folder.File("pid")).ShouldBeFalse();
        DetachedProcess.Find(folder.File("pid")).ShouldBeNull();
    }

    [Fact]
    public async Task One_that_does_not_listen_is_killed_after_the_grace_period()
    {
        var process = Start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        await ReadyAsync();

        (await process.TerminateAsync(TimeSpan.FromMilliseconds(200), CancellationToken.None)).ShouldBeFalse();

        process.IsAlive.ShouldBeFalse();
    }

    [Fact]
    public async Task It_gets_the_environment_and_arguments_as_they_are()
    {
        var command = Command.Of("sh", "-c", "printf '%s|' \"$WORD\" \"$@\"", "sh", "a b", "", "ü'\"$x") with
        {
            Environment = Command.Of("").Environment.Add("WORD", "it is"),
        };
        var process = DetachedProcess.Start(command, folder.File("log"), null);
        started.Add(process);

        await process.WaitForExitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);

        File.ReadAllText(folder.File("log")).ShouldBe("it is|a b||ü'\"$x|");
    }

    [Fact]
    public void A_file_that_is_no_program_is_an_error()
    {
        var path = folder.Write("garbage", "\u0001\u0002");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Should.Throw<ProcessException>(() => DetachedProcess.Start(Command.Of(path), folder.File("log"), null)).Code.ShouldBe(ProcessError.NotExecutable);
    }

    [Fact]
    public async Task A_damaged_pid_file_finds_nothing_and_a_running_process_can_be_adopted()
    {
        File.WriteAllText(folder.File("other"), "{ not json");
        DetachedProcess.Find(folder.File("other")).ShouldBeNull();
        var process = Start("while :; do sleep 0.05; done");

        DetachedProcess.Adopt(process.Id, folder.File("other")).ShouldNotBeNull();

        DetachedProcess.Find(folder.File("other"))!.Id.ShouldBe(process.Id);
        await process.TerminateAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        DetachedProcess.Adopt(process.Id, folder.File("other")).ShouldBeNull();
    }

    private DetachedProcess Start(string script)
    {
        var process = DetachedProcess.Start(Command.Of("sh", "-c", script), folder.File("log"), folder.File("pid"));
        started.Add(process);
        return process;
    }

    private async Task ReadyAsync()
    {
        for (var i = 0; i < 1000 && !File.ReadAllText(folder.File("log")).Contains("ready", StringComparison.Ordinal); i++)
        {
            await Task.Delay(20);
        }
    }
}
