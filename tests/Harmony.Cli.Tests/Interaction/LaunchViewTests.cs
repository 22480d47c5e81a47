using Harmony.Cli.Interaction;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Cli.Tests.Interaction;

public sealed class LaunchViewTests
{
    private static WorkloadProgress Workload(string name, WorkloadStage stage, string detail = "starts") => new(new("apps", "Deployment", "shop", name), stage, 0, 1, 0, detail);

    private static void Tell(ILaunchObserver view)
    {
        view.Started(LaunchStep.Runtime, "Runtime");
        view.Progressed(LaunchStep.Runtime, "starting it");
        view.Finished(LaunchStep.Runtime, "embedded: [you] named it");
        view.Noticed("a [b] is ignored");
        view.WorkloadsChanged([Workload("web", WorkloadStage.Starting)]);
        view.WorkloadsChanged([Workload("web", WorkloadStage.Starting, "starts still")]);
        view.WorkloadsChanged([Workload("web", WorkloadStage.Ready)]);
        view.Finished(LaunchStep.Wait, "ready");
    }

    [Fact]
    public void The_plain_view_says_each_thing_once_a_line()
    {
        using var terminal = new CapturedTerminal();
        Tell(new PlainLaunchView(terminal.Terminal));

        terminal.Talk.Split('\n').ShouldBe(
        [
            "  starting it", "runtime: embedded: [you] named it", "note: a [b] is ignored", "  Deployment/web: starting, 0/1", "  Deployment/web: ready, 0/1", "",
        ]);
        terminal.Data.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_live_view_leaves_finished_steps_and_the_last_state_on_the_screen()
    {
        using var terminal = new CapturedTerminal();
        var view = new LiveLaunchView(terminal.Terminal);
        Tell(view);

        (await view.RunAsync(Task.FromResult(7))).ShouldBe(7);

        terminal.Talk.ShouldContain("✓ runtime   embedded: [you] named it");
        terminal.Talk.ShouldContain("note: a [b] is ignored");
        terminal.Talk.ShouldContain("✓ Deployment/web");
        terminal.Talk.ShouldNotContain("starting it");
    }

    [Fact]
    public async Task What_the_work_throws_comes_through_the_live_view()
    {
        using var terminal = new CapturedTerminal();
        var error = new LaunchException(LaunchError.ApplyFailed, "no");

        (await Should.ThrowAsync<LaunchException>(new LiveLaunchView(terminal.Terminal).RunAsync(Task.FromException<int>(error)))).ShouldBeSameAs(error);
        await Should.ThrowAsync<OperationCanceledException>(new LiveLaunchView(terminal.Terminal).RunAsync(Task.FromCanceled<int>(new(true))));
    }

    [Fact]
    public void On_a_small_screen_what_is_not_ready_is_shown_and_the_rest_counted()
    {
        using var terminal = new CapturedTerminal(width: 40, height: 8);
        var view = new LiveLaunchView(terminal.Terminal);
        view.WorkloadsChanged([.. Enumerable.Range(0, 30).Select(i => Workload($"done-{i}", WorkloadStage.Ready)), Workload("late", WorkloadStage.Failing, new string('x', 200) + "\nsecond line")]);

        terminal.Terminal.Talk.Write(view.Draw());

        terminal.Talk.ShouldContain("Deployment/late");
        terminal.Talk.ShouldContain("and 27 more");
        terminal.Talk.Split('\n').Length.ShouldBeLessThanOrEqualTo(8);
    }
}
