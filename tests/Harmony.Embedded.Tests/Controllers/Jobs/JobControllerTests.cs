using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Jobs;

public sealed class JobControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_job_is_complete_when_enough_pods_have_succeeded()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Succeeded";
        await CreateAsync("\"completions\":3,\"parallelism\":2,");

        await bed.UntilAsync(() => Is("Complete"));

        var status = Import.Status!;
        status["succeeded"].AsLong().ShouldBe(3);
        status["uncountedTerminatedPods"]!.AsObject().Count.ShouldBe(0);
        status["completionTime"].ShouldNotBeNull();
        status["active"].ShouldBeNull();
        status["conditions"].Objects().Select(c => c.Text("type")).ShouldBe(["SuccessCriteriaMet", "Complete"]);
        Import.Condition("Complete")!.Text("message").ShouldBe("Reached expected number of succeeded pods");
        bed.List(BuiltInResources.Pods).Count.ShouldBe(3);
        bed.List(BuiltInResources.Pods).All(p => p.At("metadata", "finalizers") is null).ShouldBeTrue();
        await bed.UntilAsync(() => bed.Events("Completed").Contains("Job completed"));
    }

    [Fact]
    public async Task A_job_whose_pods_fail_is_tried_again_with_growing_pauses_and_then_failed()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Failed";
        await CreateAsync("\"backoffLimit\":2,");
        await bed.UntilAsync(() => Import.At("status", "failed").AsLong() == 1);
        bed.List(BuiltInResources.Pods).Count.ShouldBe(1);

        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(6), () => Is("Failed"));

        Import.At("status", "failed").AsLong().ShouldBe(3);
        Import.Status!["conditions"].Objects().Select(c => c.Text("type")).ShouldBe(["FailureTarget", "Failed"]);
        Import.Condition("Failed")!.Text("reason").ShouldBe("BackoffLimitExceeded");
        Import.Condition("Failed")!.Text("message").ShouldBe("Job has reached the specified backoff limit");
        var made = bed.List(BuiltInResources.Pods).Select(p => p.Created()!.Value).Order().ToList();
        (made[1] - made[0]).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(10));
        (made[2] - made[1]).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_job_deleted_in_the_foreground_lets_its_unfinished_pods_go()
    {
        await bed.AddNodeAsync();
        await CreateAsync("");
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 1);

        await bed.Cluster.DeleteAsync(BuiltInResources.Jobs, "shop", "import", new() { PropagationPolicy = "Foreground" }, TestContext.Current.CancellationToken);

        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 0 && bed.List(BuiltInResources.Jobs).Count == 0);
    }

    [Fact]
    public async Task A_job_that_runs_too_long_is_ended()
    {
        await bed.AddNodeAsync();
        await CreateAsync("\"activeDeadlineSeconds\":20,");
        await bed.UntilAsync(() => Import.At("status", "ready").AsLong() == 1);

        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => Is("Failed"));

        Import.Condition("Failed")!.Text("reason").ShouldBe("DeadlineExceeded");
        Import.At("status", "failed").AsLong().ShouldBe(1);
        bed.List(BuiltInResources.Pods).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_indexed_job_gives_each_pod_its_index_and_tries_a_failed_one_again()
    {
        await bed.AddNodeAsync();
        var failedOnce = false;
        bed.Outcome = pod =>
        {
            if (pod.Annotation("batch.kubernetes.io/job-completion-index") == "1" && !failedOnce)
            {
                failedOnce = true;
                return "Failed";
            }

            return "Succeeded";
        };
        await CreateAsync("\"completionMode\":\"Indexed\",\"completions\":4,\"parallelism\":4,");

        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(6), () => Is("Complete"));

        Import.At("status", "completedIndexes").AsText().ShouldBe("0-3");
        Import.At("status", "succeeded").AsLong().ShouldBe(4);
        Import.At("status", "failed").AsLong().ShouldBe(1);
        var pod = bed.List(BuiltInResources.Pods).First(p => p.Label("batch.kubernetes.io/job-completion-index") == "2");
        pod.At("spec", "hostname").AsText().ShouldBe("import-2");
        pod.At("spec", "containers").Objects().First()["env"].Objects().Single().Text("name").ShouldBe("JOB_COMPLETION_INDEX");
    }

    [Fact]
    public async Task A_suspended_job_has_no_pods_until_it_is_resumed()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Succeeded";
        await CreateAsync("\"suspend\":true,");
        await bed.UntilAsync(() => Import.Condition("Suspended")?.Text("status") == "True");
        bed.List(BuiltInResources.Pods).ShouldBeEmpty();

        await bed.ChangeAsync(BuiltInResources.Jobs, "import", j => j.Child("spec")["suspend"] = false);
        await bed.UntilAsync(() => Is("Complete"));
        Import.Condition("Suspended")!.Text("reason").ShouldBe("JobResumed");
    }

    [Fact]
    public async Task A_finished_job_goes_with_its_pods_when_its_time_to_live_is_over()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Succeeded";
        await CreateAsync("\"ttlSecondsAfterFinished\":100,");
        await bed.UntilAsync(() => Is("Complete"));

        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(60), () => bed.Get(BuiltInResources.Jobs, "import") is null);
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 0);
    }

    [Fact]
    public async Task Pods_of_a_job_that_is_deleted_are_not_held_back_by_their_tracking()
    {
        await bed.AddNodeAsync();
        await CreateAsync("");
        await bed.UntilAsync(() => Import.At("status", "ready").AsLong() == 1);

        await bed.Cluster.DeleteAsync(BuiltInResources.Jobs, ControllerBed.Namespace, "import", DeleteOptions.Background, default);
        await bed.UntilAsync(() => bed.List(BuiltInResources.Pods).Count == 0);
    }

    [Fact]
    public async Task A_job_that_is_deleted_in_the_foreground_ends_with_its_running_pods()
    {
        await bed.AddNodeAsync();
        await CreateAsync("");
        await bed.UntilAsync(() => Import.At("status", "ready").AsLong() == 1);

        await bed.Cluster.DeleteAsync(BuiltInResources.Jobs, ControllerBed.Namespace, "import", new() { PropagationPolicy = "Foreground" }, default);
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Jobs, "import") is null);
        bed.List(BuiltInResources.Pods).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failure_policy_can_fail_the_job_at_once_or_forgive_the_pod()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Failed";
        await CreateAsync("\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailJob\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[2]}}]},");
        await bed.UntilAsync(() => Is("Failed"));
        Import.Condition("Failed")!.Text("reason").ShouldBe("PodFailurePolicy");
        Import.Condition("Failed")!.Text("message")!.ShouldEndWith("failed with exit code 2 matching FailJob rule at index 0");
        Import.At("status", "failed").AsLong().ShouldBe(1);
    }

    private JsonObject Import => bed.Get(BuiltInResources.Jobs, "import")!;

    private bool Is(string condition) => Import.Condition(condition)?.Text("status") == "True";

    private Task CreateAsync(string extra) => bed.CreateAsync(BuiltInResources.Jobs, $$$$$"""
        {"metadata":{"name":"import"},"spec":{{{{{{extra}}}}}{{{{{(extra.Contains("ompletions\":", StringComparison.Ordinal) ? "" : "\"completions\":1,")}}}}}{{{{{(extra.Contains("backoffLimit\":", StringComparison.Ordinal) ? "" : "\"backoffLimit\":6,")}}}}}"selector":{"matchLabels":{"job-name":"import"}},
         "template":{"metadata":{"labels":{"job-name":"import"}},"spec":{"restartPolicy":"Never","containers":[{"name":"app","image":"import:1"}]}}}}
        """);
}
