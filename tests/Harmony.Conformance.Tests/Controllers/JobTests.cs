using System.Globalization;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/.</summary>
public sealed class JobTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_job_is_complete_when_enough_pods_have_succeeded()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await CreateAsync(ns, "Succeeded", "\"completions\":3,\"parallelism\":2,");
        made.At("spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid").AsText().ShouldBe(made.Uid);
        var job = await ns.UntilAsync("jobs", "job", j => j.Condition("Complete")?.Text("status") == "True");
        job.At("status", "succeeded").AsLong().ShouldBe(3);
        job.At("status", "completionTime").ShouldNotBeNull();
        job.At("status", "startTime").ShouldNotBeNull();
        job.Condition("SuccessCriteriaMet")!.Text("status").ShouldBe("True");
        var pods = await ns.ListAsync("pods");
        pods.Count.ShouldBe(3);
        pods.Count(p => p.At("metadata", "finalizers") is not null).ShouldBe(0);
        pods.Select(p => p.Label("batch.kubernetes.io/job-name")).Distinct().ShouldBe(["job"]);
    }

    [Fact]
    public async Task A_job_fails_when_its_pods_have_failed_too_often()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Failed", "\"backoffLimit\":0,");
        var job = await ns.UntilAsync("jobs", "job", j => j.Condition("Failed")?.Text("status") == "True");
        job.Condition("Failed")!.Text("reason").ShouldBe("BackoffLimitExceeded");
        job.Condition("FailureTarget")!.Text("status").ShouldBe("True");
        job.At("status", "failed").AsLong().ShouldBe(1);
        job.At("status", "completionTime").ShouldBeNull();
        (await ns.ListAsync("pods")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_failed_pod_is_tried_again()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Unready", "\"backoffLimit\":3,");
        var first = (await ns.UntilListAsync("pods", l => l.Count == 1 && l[0].At("status", "phase").AsText() == "Running"))[0];
        await cluster.Node.ReportAsync(first, "Failed");
        var second = (await ns.UntilListAsync("pods", l => l.Any(p => p.Name != first.Name && p.At("status", "phase").AsText() == "Running"))).Single(p => p.Name != first.Name);
        await cluster.Node.ReportAsync(second, "Succeeded");
        var job = await ns.UntilAsync("jobs", "job", j => j.Condition("Complete")?.Text("status") == "True");
        job.At("status", "failed").AsLong().ShouldBe(1);
        job.At("status", "succeeded").AsLong().ShouldBe(1);
    }

    [Fact]
    public async Task An_indexed_job_runs_every_index_once()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Succeeded", "\"completions\":3,\"parallelism\":3,\"completionMode\":\"Indexed\",");
        var job = await ns.UntilAsync("jobs", "job", j => j.Condition("Complete")?.Text("status") == "True");
        job.At("status", "completedIndexes").AsText().ShouldBe("0-2");
        var pods = await ns.ListAsync("pods");
        pods.Select(p => p.Annotation("batch.kubernetes.io/job-completion-index")).Order(StringComparer.Ordinal).ShouldBe(["0", "1", "2"]);
        pods[0]["spec"]!["containers"]![0]!["env"].Objects().ShouldContain(e => e.Text("name") == "JOB_COMPLETION_INDEX");
    }

    [Fact]
    public async Task A_suspended_job_has_no_pods_until_it_is_resumed()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Succeeded", "\"suspend\":true,");
        var job = await ns.UntilAsync("jobs", "job", j => j.Condition("Suspended")?.Text("status") == "True");
        job.At("status", "startTime").ShouldBeNull();
        (await ns.ListAsync("pods")).ShouldBeEmpty();
        await ns.PatchAsync("jobs", "job", """{"spec":{"suspend":false}}""");
        await ns.UntilAsync("jobs", "job", j => j.Condition("Complete")?.Text("status") == "True" && j.Condition("Suspended")?.Text("status") == "False");
    }

    [Fact]
    public async Task A_job_past_its_deadline_fails_and_its_pods_go()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Running", "\"activeDeadlineSeconds\":1,");
        (await ns.UntilAsync("jobs", "job", j => j.Condition("Failed")?.Text("status") == "True")).Condition("Failed")!.Text("reason").ShouldBe("DeadlineExceeded");
        await ns.UntilListAsync("pods", l => l.Count == 0);
    }

    [Fact]
    public async Task A_finished_job_goes_after_its_time_to_live()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, "Succeeded", "\"ttlSecondsAfterFinished\":1,");
        await ns.UntilGoneAsync("jobs", "job");
        await ns.UntilListAsync("pods", l => l.Count == 0);
    }

    [Fact]
    public async Task A_cron_job_makes_a_job_when_its_time_has_come()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var cron = await ns.CreateAsync("cronjobs", CronJob(suspend: true));
        cron.At("spec", "concurrencyPolicy").AsText().ShouldBe("Allow");

        // As if it had last run some minutes ago: what was missed is made up for once.
        await ns.PatchAsync("cronjobs", "cron/status", $$$"""{"status":{"lastScheduleTime":"{{{TimeProvider.System.GetUtcNow().AddMinutes(-3).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}}"}}""");
        await ns.PatchAsync("cronjobs", "cron", """{"spec":{"suspend":false}}""");

        var job = (await ns.UntilListAsync("jobs", l => l.Count >= 1))[0];
        job.Name.ShouldMatch("^cron-[0-9]+$");
        job.Controller!.Text("uid").ShouldBe(cron.Uid);
        job.Annotation("batch.kubernetes.io/cronjob-scheduled-timestamp").ShouldNotBeNull();
        await ns.UntilAsync("jobs", job.Name, j => j.Condition("Complete")?.Text("status") == "True");
        await ns.UntilAsync("cronjobs", "cron", c => c.At("status", "lastSuccessfulTime") is not null && c.At("status", "active") is null);
    }

    private static string Job(ConformanceCluster cluster, string outcome, string extra) =>
        $$$"""{"metadata":{"name":"job"},"spec":{{{{extra}}}"template":{{{cluster.Node.Template("job", outcome, spec: "\"restartPolicy\":\"Never\",")}}}}}""";

    private Task<System.Text.Json.Nodes.JsonObject> CreateAsync(TestNamespace ns, string outcome, string extra) => ns.CreateAsync("jobs", Job(cluster, outcome, extra));

    private string CronJob(bool suspend) => $$"""
        {"metadata":{"name":"cron"},"spec":{"schedule":"* * * * *","suspend":{{(suspend ? "true" : "false")}},
         "jobTemplate":{"spec":{"template":{{cluster.Node.Template("job", "Succeeded", spec: "\"restartPolicy\":\"Never\",")}} } } } }
        """;
}
