using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.CronJobs;

/// <summary>The bed's clock begins at 01:41:30.</summary>
public sealed class CronJobControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_job_is_made_when_it_is_due_named_after_its_time()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Succeeded";
        await CreateAsync("");
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(15), () => Tick.At("status", "lastSuccessfulTime") is not null);

        var job = bed.List(BuiltInResources.Jobs).ShouldHaveSingleItem();
        job.Name.ShouldBe("tick-29923302");
        job.Annotation("batch.kubernetes.io/cronjob-scheduled-timestamp").ShouldBe("2026-11-23T01:42:00Z");
        job.Controller!.Text("name").ShouldBe("tick");
        Tick.At("status", "lastScheduleTime").AsText().ShouldBe("2026-11-23T01:42:00Z");
        await bed.UntilAsync(() => bed.Events("SawCompletedJob").Contains("Saw completed job: tick-29923302, condition: Complete"));
    }

    [Fact]
    public async Task Finished_jobs_beyond_the_limit_are_deleted()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => "Succeeded";
        await CreateAsync("\"successfulJobsHistoryLimit\":1,");
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => bed.Events("SuccessfulDelete").Any(m => m.StartsWith("Deleted job tick-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_policy_that_forbids_waits_for_the_running_job_and_one_that_replaces_ends_it()
    {
        await bed.AddNodeAsync();
        await CreateAsync("\"concurrencyPolicy\":\"Forbid\",");
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => bed.Events("JobAlreadyActive").Any());
        bed.List(BuiltInResources.Jobs).Count.ShouldBe(1);

        await bed.ChangeAsync(BuiltInResources.CronJobs, "tick", c => c.Child("spec")["concurrencyPolicy"] = "Replace");
        var first = bed.List(BuiltInResources.Jobs).Single().Name;
        await bed.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => bed.List(BuiltInResources.Jobs) is [var only] && only.Name != first);
    }

    [Fact]
    public async Task After_a_long_sleep_only_the_last_missed_time_is_made_up_for()
    {
        await bed.AddNodeAsync();
        await CreateAsync("");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.CronJobs, "tick") is not null);
        bed.Time.Advance(TimeSpan.FromHours(5));
        await bed.UntilAsync(() => bed.List(BuiltInResources.Jobs).Count == 1);
        bed.List(BuiltInResources.Jobs).Single().Annotation("batch.kubernetes.io/cronjob-scheduled-timestamp").ShouldBe("2026-11-23T06:41:00Z");
    }

    [Fact]
    public async Task A_schedule_that_cannot_be_read_is_told()
    {
        await bed.CreateAsync(BuiltInResources.CronJobs, """{"metadata":{"name":"tick"},"spec":{"schedule":"every day","jobTemplate":{"spec":{}}}}""");
        await bed.UntilAsync(() => bed.Events("UnparseableSchedule").Any());
    }

    private JsonObject Tick => bed.Get(BuiltInResources.CronJobs, "tick")!;

    private Task CreateAsync(string extra) => bed.CreateAsync(BuiltInResources.CronJobs, $$$$$$$"""
        {"metadata":{"name":"tick"},"spec":{{{{{{{{extra}}}}}}}"schedule":"* * * * *","timeZone":"Etc/UTC","jobTemplate":{"spec":{"completions":1,"parallelism":1,"backoffLimit":6,
         "template":{"metadata":{"labels":{"job":"tick"}},"spec":{"restartPolicy":"Never","containers":[{"name":"app","image":"tick:1"}]}}}}}}
        """);
}
