using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Readiness;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class PatienceTests
{
    private static readonly ObjectId Web = new("apps", "Deployment", "shop", "web");
    private static readonly ObjectId Db = new("apps", "StatefulSet", "shop", "db");
    private readonly FakeTimeProvider time = new();

    private static ReadinessReport Waiting(params ObjectId[] workloads) =>
        new([.. workloads.Select(w => new WorkloadProgress(w, WorkloadStage.Starting, 0, 1, 0, ""))], [.. workloads.Select(w => new Unready(w, "is starting"))]);

    [Fact]
    public void What_no_waiting_can_mend_ends_the_wait_though_others_go_on()
    {
        var patience = new Patience(time);
        Finding[] findings = [new(FindingCode.ImageNotFound, Web, [])];

        patience.IsOver(findings, Waiting(Web, Db)).ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(3));

        patience.IsOver(findings, Waiting(Web, Db)).ShouldBeTrue();
    }

    [Fact]
    public void A_crash_loop_is_given_up_only_when_nothing_else_is_on_its_way()
    {
        var patience = new Patience(time);
        Finding[] findings = [new(FindingCode.CrashLoop, Web, []) { Patience = FindingCatalog.Hopeless }];

        patience.IsOver(findings, Waiting(Web, Db)).ShouldBeFalse();
        time.Advance(TimeSpan.FromMinutes(1));

        patience.IsOver(findings, Waiting(Web, Db)).ShouldBeFalse("the database may still come up and cure it");
        patience.IsOver(findings, Waiting(Web)).ShouldBeTrue();
    }

    [Fact]
    public void A_finding_that_went_away_starts_anew()
    {
        var patience = new Patience(time);
        Finding[] findings = [new(FindingCode.ImageNotFound, Web, [])];
        patience.IsOver(findings, Waiting(Web));
        time.Advance(TimeSpan.FromSeconds(1.5));
        patience.IsOver([], Waiting(Web));
        time.Advance(TimeSpan.FromSeconds(1.5));

        patience.IsOver(findings, Waiting(Web)).ShouldBeFalse();
    }

    [Fact]
    public void A_failing_probe_is_waited_for_as_long_as_the_launch_waits()
    {
        var patience = new Patience(time);
        Finding[] findings = [new(FindingCode.ProbeFailing, Web, [])];
        patience.IsOver(findings, Waiting(Web));
        time.Advance(TimeSpan.FromHours(1));

        patience.IsOver(findings, Waiting(Web)).ShouldBeFalse();
    }
}
