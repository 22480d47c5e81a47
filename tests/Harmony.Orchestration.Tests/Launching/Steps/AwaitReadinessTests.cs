using Harmony.Kubernetes;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Readiness;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class AwaitReadinessTests
{
    private static readonly ObjectId Web = new("apps", "Deployment", "shop", "web");
    private static readonly ObjectId Page = new("", "Service", "shop", "web");
    private readonly FakeTimeProvider time = new();
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly RecordingObserver observer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<AwaitReadiness.Verdict> RunAsync(CancellationToken cancellation, params ObjectId[] applied) => new AwaitReadiness(time).RunAsync(
        cluster, new(applied, ["shop"], [Trees.Deployments], new(0, 0, 0, 0, 0)), TimeSpan.FromMinutes(5), observer, cancellation);

    [Fact]
    public async Task What_is_ready_without_a_probe_is_believed_after_a_moment()
    {
        cluster.PutWorking("web");
        var running = RunAsync(Cancellation, Web);
        await Harmony.Testing.Eventually.Async(() => observer.Workloads.Count == 1);
        running.IsCompleted.ShouldBeFalse();

        var verdict = await time.PassUntilAsync(running);

        verdict.Outcome.ShouldBe(LaunchOutcome.Works);
        verdict.Workloads.ShouldHaveSingleItem().Stage.ShouldBe(WorkloadStage.Ready);
        observer.Lines.ShouldContain("Wait done: ready");
    }

    [Fact]
    public async Task What_gets_ready_is_waited_for()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        var running = RunAsync(Cancellation, Web);
        await Harmony.Testing.Eventually.Async(() => observer.Workloads.Count == 1);
        running.IsCompleted.ShouldBeFalse();

        cluster.PutWorking("web");

        (await time.PassUntilAsync(running)).Outcome.ShouldBe(LaunchOutcome.Works);
    }

    [Fact]
    public async Task A_certain_failure_ends_the_wait_early_with_its_finding()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        cluster.Put(Trees.ReplicaSet("web-1", "web"));
        cluster.Put(Trees.Pod("web-1-a", "web", Trees.Waiting("ErrImagePull", "shop/none: not found"), ready: false));

        var verdict = await time.PassUntilAsync(RunAsync(Cancellation, Web));

        verdict.Outcome.ShouldBe(LaunchOutcome.DoesNotWork);
        verdict.Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.ImageNotFound);
    }

    [Fact]
    public async Task A_finding_comes_with_the_last_lines_of_its_container()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        cluster.Put(Trees.ReplicaSet("web-1", "web"));
        cluster.Put(Trees.Pod("web-1-a", "web",
            """{"name":"main","ready":false,"restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}""", ready: false));
        cluster.Logs[("web-1-a", "main", false)] = new((1, "cannot open the database"));

        var verdict = await time.PassUntilAsync(RunAsync(Cancellation, Web));

        verdict.Findings.ShouldHaveSingleItem().LogLines.ShouldBe(["cannot open the database"]);
    }

    [Fact]
    public async Task When_the_time_is_up_what_nothing_explains_is_named()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        cluster.Put(Trees.Service("web"));

        var verdict = await time.PassUntilAsync(RunAsync(Cancellation, Web, Page), 5000);

        verdict.Outcome.ShouldBe(LaunchOutcome.TimedOut);
        verdict.Findings.Single(f => f.Subject == Web).Code.ShouldBe(FindingCode.NotReady);
    }

    [Fact]
    public async Task When_the_time_is_up_a_custom_resource_that_is_not_ready_is_named_too()
    {
        var database = new ObjectId("db.example.com", "Database", "shop", "main");
        cluster.Put(Trees.Parse("""{"apiVersion":"db.example.com/v1","kind":"Database","metadata":{"name":"main","namespace":"shop"},"status":{"conditions":[{"type":"Ready","status":"False","message":"no disk"}]}}"""));

        var verdict = await time.PassUntilAsync(new AwaitReadiness(time).RunAsync(
            cluster, new([database], ["shop"], [new("db.example.com", "v1", "Database")], new(0, 0, 0, 0, 0)), TimeSpan.FromMinutes(5), observer, Cancellation), 5000);

        verdict.Findings.ShouldHaveSingleItem().Evidence.ShouldBe(["no disk"]);
    }

    [Fact]
    public async Task A_cluster_that_never_tells_what_there_is_times_out_with_every_workload_named()
    {
        cluster.PutWorking("web");
        var silent = new SilentKubernetes(cluster);

        var verdict = await time.PassUntilAsync(new AwaitReadiness(time).RunAsync(
            silent, new([Web], ["shop"], [], new(0, 0, 0, 0, 0)), TimeSpan.FromMinutes(5), observer, Cancellation), 5000);

        verdict.Outcome.ShouldBe(LaunchOutcome.TimedOut);
        verdict.Findings.ShouldHaveSingleItem().Subject.ShouldBe(Web);
    }

    [Fact]
    public async Task A_watch_that_dies_ends_the_wait_with_its_error()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        var running = RunAsync(Cancellation, Web);
        await Harmony.Testing.Eventually.Async(() => observer.Workloads.Count == 1);

        cluster.EndWatches("Pod", new KubernetesException(KubernetesError.Unauthorized, "the credentials have expired"));

        (await Should.ThrowAsync<KubernetesException>(time.PassUntilAsync(running))).Message.ShouldBe("the credentials have expired");
    }

    [Fact]
    public async Task A_watch_that_cannot_be_opened_ends_the_wait_though_the_others_go_on()
    {
        cluster.Refusal = (verb, kind, _) => verb == "watch" && kind == "Pod" ? new(KubernetesError.Forbidden, "may not watch pods") : null;

        (await Should.ThrowAsync<KubernetesException>(time.PassUntilAsync(RunAsync(Cancellation, Web)))).Code.ShouldBe(KubernetesError.Forbidden);
        await Harmony.Testing.Eventually.Async(() => cluster.Watching("Service") == 0);
    }

    [Fact]
    public async Task Whoever_may_not_read_events_still_sees_that_it_works()
    {
        cluster.PutWorking("web");
        cluster.Refusal = (verb, kind, _) => verb == "watch" && kind == "Event" ? new(KubernetesError.Forbidden, "may not watch events") : null;

        (await time.PassUntilAsync(RunAsync(Cancellation, Web))).Outcome.ShouldBe(LaunchOutcome.Works);
    }

    [Fact]
    public async Task An_interruption_ends_the_wait_and_all_watches()
    {
        cluster.Put(Trees.Deployment("web", ready: 0));
        using var interruption = new CancellationTokenSource();
        var running = RunAsync(interruption.Token, Web);
        await Harmony.Testing.Eventually.Async(() => observer.Workloads.Count == 1);
        await interruption.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
        cluster.Watching("Pod").ShouldBe(0);
    }
}
