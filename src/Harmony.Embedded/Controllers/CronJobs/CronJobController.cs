using Cronos;
using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.CronJobs;

/// <summary>Makes Jobs when they are due. Source: kube's cronjob_controllerv2.go.</summary>
internal sealed class CronJobController : Reconciler
{
    private const int TooMany = 100;
    private readonly ObjectCache crons;
    private readonly ObjectCache jobs;
    private readonly EventRecorder recorder;

    public CronJobController(ControllerContext context)
        : base("cronjob-controller", context)
    {
        recorder = context.Recorder(Name);
        crons = Watched(BuiltInResources.CronJobs);
        jobs = Owned(BuiltInResources.Jobs, crons);
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (crons.Get(key) is not { IsBeingDeleted: false } cron)
        {
            return;
        }

        var status = cron.Status?.DeepClone() as JsonObject ?? [];
        await NoteEndsAsync(cron, status, cancellation);
        var failure = await RunDueAsync(cron, status, cancellation);
        var active = jobs.ControlledBy(cron.Uid).Where(j => !IsFinished(j)).OrderBy(j => j.Name, StringComparer.Ordinal).Select(Reference).ToArray();
        status.Remove("active");
        if (active.Length > 0)
        {
            status["active"] = new JsonArray(active);
        }

        await UpdateStatusAsync(BuiltInResources.CronJobs, cron, status, cancellation);
        if (failure is not null)
        {
            throw new RetryException(failure.Message, failure);
        }
    }

    private static bool IsFinished(JsonObject job) => Conditions.IsTrue(job.Status, "Complete") || Conditions.IsTrue(job.Status, "Failed");

    private static JsonNode Reference(JsonObject job) => new JsonObject
    {
        ["kind"] = "Job",
        ["namespace"] = job.Namespace,
        ["name"] = job.Name,
        ["uid"] = job.Uid,
        ["apiVersion"] = "batch/v1",
        ["resourceVersion"] = job.ResourceVersion,
    };

    /// <summary>Tells of Jobs that have ended since the last look, and deletes old ones beyond the limits.</summary>
    private async Task NoteEndsAsync(JsonObject cron, JsonObject status, CancellationToken cancellation)
    {
        var known = status["active"].Objects().Select(r => r.Text("uid")).ToHashSet(StringComparer.Ordinal);
        var finished = jobs.ControlledBy(cron.Uid).Where(IsFinished).OrderBy(j => j.At("status", "startTime").AsTime()).ThenBy(j => j.Name, StringComparer.Ordinal).ToList();
        foreach (var job in finished.Where(j => known.Contains(j.Uid)))
        {
            var condition = Conditions.IsTrue(job.Status, "Complete") ? "Complete" : "Failed";
            recorder.Record(cron, EventType.Normal, "SawCompletedJob", $"Saw completed job: {job.Name}, condition: {condition}");
        }

        foreach (var job in finished.Where(j => j.At("status", "completionTime").AsTime() > (status["lastSuccessfulTime"].AsTime() ?? DateTimeOffset.MinValue)))
        {
            status["lastSuccessfulTime"] = job.At("status", "completionTime")!.DeepClone();
        }

        List<JsonObject> surplus =
        [
            .. Surplus(finished, succeeded: true, cron.At("spec", "successfulJobsHistoryLimit").AsLong() ?? 3),
            .. Surplus(finished, succeeded: false, cron.At("spec", "failedJobsHistoryLimit").AsLong() ?? 1),
        ];
        foreach (var job in surplus)
        {
            await Cluster.DeleteAsync(BuiltInResources.Jobs, job, cancellation);
            recorder.Record(cron, EventType.Normal, "SuccessfulDelete", $"Deleted job {job.Name}");
        }
    }

    private static IEnumerable<JsonObject> Surplus(List<JsonObject> finished, bool succeeded, long limit)
    {
        var these = finished.Where(j => Conditions.IsTrue(j.Status, "Complete") == succeeded && !j.IsBeingDeleted).ToList();
        return these.Take((int)Math.Max(0, these.Count - limit));
    }

    private async Task<Exception?> RunDueAsync(JsonObject cron, JsonObject status, CancellationToken cancellation)
    {
        if (cron.At("spec", "suspend").AsBool() == true)
        {
            return null;
        }

        CronSchedule schedule;
        try
        {
            schedule = CronSchedule.Of(cron);
        }
        catch (CronFormatException e)
        {
            recorder.Record(cron, EventType.Warning, "UnparseableSchedule", $"unparseable schedule \"{cron.At("spec", "schedule").AsText()}\": {e.Message}");
            return null;
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            recorder.Record(cron, EventType.Warning, "UnknownTimeZone", $"invalid timeZone: \"{cron.At("spec", "timeZone").AsText()}\": {e.Message}");
            return null;
        }

        var now = Now;
        if (schedule.After(now) is { } next)
        {
            EnqueueAfter(NamespacedName.Of(cron), next - now + TimeSpan.FromMilliseconds(100));
        }

        var earliest = status["lastScheduleTime"].AsTime() ?? cron.Created() ?? now;
        var deadline = cron.At("spec", "startingDeadlineSeconds").AsLong();
        if (deadline is { } seconds && now - TimeSpan.FromSeconds(seconds) > earliest)
        {
            earliest = now - TimeSpan.FromSeconds(seconds);
        }

        // The machine's clock went back: what was done for its future is done.
        var (due, missed) = earliest >= now ? (null, 0) : schedule.Latest(earliest, now);
        if (missed > TooMany)
        {
            recorder.Record(cron, EventType.Warning, "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
        }

        return due is { } time ? await StartAsync(cron, status, time, cancellation) : null;
    }

    private async Task<Exception?> StartAsync(JsonObject cron, JsonObject status, DateTimeOffset time, CancellationToken cancellation)
    {
        var running = jobs.ControlledBy(cron.Uid).Where(j => !IsFinished(j)).ToList();
        switch (cron.At("spec", "concurrencyPolicy").AsText())
        {
            case "Forbid" when running.Count > 0:
                recorder.Record(cron, EventType.Normal, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
                return null;
            case "Replace":
                foreach (var job in running)
                {
                    await Cluster.DeleteAsync(BuiltInResources.Jobs, job, cancellation);
                    recorder.Record(cron, EventType.Normal, "SuccessfulDelete", $"Deleted job {job.Name}");
                }

                break;
        }

        try
        {
            var created = await Cluster.CreateAsync(BuiltInResources.Jobs, NewJob(cron, time), cancellation);
            recorder.Record(cron, EventType.Normal, "SuccessfulCreate", $"Created job {created.Name}");
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Made before a kill that kept us from writing it down.
        }
        catch (ApiException e) when (PodControl.IsNamespaceEnding(e))
        {
            return null;
        }
        catch (ApiException e)
        {
            recorder.Record(cron, EventType.Warning, "FailedCreate", $"Error creating job: {e.Message}");
            return e;
        }

        status["lastScheduleTime"] = Timestamps.Format(time);
        return null;
    }

    private static JsonObject NewJob(JsonObject cron, DateTimeOffset time)
    {
        var template = cron.At("spec", "jobTemplate");
        var annotations = template.At("metadata", "annotations")?.DeepClone() as JsonObject ?? [];
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = Timestamps.Format(time);
        var metadata = new JsonObject
        {
            ["name"] = string.Create(CultureInfo.InvariantCulture, $"{cron.Name}-{time.ToUnixTimeSeconds() / 60}"),
            ["namespace"] = cron.Namespace,
            ["annotations"] = annotations,
            ["ownerReferences"] = new JsonArray(PodTemplate.ControllerReference(cron)),
        };
        if (template.At("metadata", "labels") is { } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        return new() { ["apiVersion"] = "batch/v1", ["kind"] = "Job", ["metadata"] = metadata, ["spec"] = template.At("spec")?.DeepClone() };
    }
}
