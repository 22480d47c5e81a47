using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

internal sealed partial class JobController
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>One look at one Job.</summary>
    private sealed class JobSync(JobController controller, JsonObject subject)
    {
        private const int MaxAtOnce = 500;
        private readonly JsonObject job = subject;
        private readonly JsonObject status = subject.Status?.DeepClone() as JsonObject ?? [];
        private readonly bool indexed = JobPods.IsIndexed(subject);
        private readonly long? completions = subject.At("spec", "completions").AsLong();
        private readonly long parallelism = subject.At("spec", "parallelism").AsLong() ?? 1;
        private readonly long backoffLimit = subject.At("spec", "backoffLimit").AsLong() ?? 6;
        private readonly long? backoffPerIndex = subject.At("spec", "backoffLimitPerIndex").AsLong();
        private JsonObject latest = subject;

        private string Stamp => controller.Context.Time.Stamp();

        private bool IsSuspended => job.At("spec", "suspend").AsBool() == true;

        private List<JsonObject> Pods => [.. controller.pods.ControlledBy(job.Uid)];

        private int IndexBound => (int)Math.Min(completions ?? 0, int.MaxValue);

        public async Task RunAsync(CancellationToken cancellation)
        {
            if (status["startTime"] is null && !IsSuspended)
            {
                status["startTime"] = Stamp;
            }

            NoteEnds();
            if (!JsonNode.DeepEquals(latest["status"], status))
            {
                await WriteAsync(cancellation);
            }

            await CountAsync(cancellation);

            // What ended meanwhile is neither active nor noted: it must not be replaced.
            NoteEnds();
            var verdict = Judge();
            Exception? failure = null;
            if (verdict is { } decided)
            {
                Target(decided);
                failure = await DeleteActiveAsync(Pods.FindAll(p => p.IsActive), cancellation);
            }
            else
            {
                NoteSuspension();
                failure = IsSuspended
                    ? await DeleteActiveAsync(Pods.FindAll(p => p.IsActive), cancellation)
                    : await ManageAsync(cancellation);
            }

            // Pods deleted just now have ended as far as the Job is concerned.
            NoteEnds();
            CountActive();
            if (verdict is { } final && IsSettled())
            {
                Finish(final);
            }

            await WriteAsync(cancellation);
            if (Uncounted("succeeded").Count + Uncounted("failed").Count > 0)
            {
                controller.Enqueue(job);
            }

            if (failure is not null)
            {
                throw new RetryException(failure.Message, failure);
            }
        }

        private JsonArray Uncounted(string kind) => status.Child("uncountedTerminatedPods")[kind] as JsonArray ?? [];

        private long Succeeded => (indexed ? CompletedIndexes().Count : (status["succeeded"].AsLong() ?? 0) + Uncounted("succeeded").Count);

        private long Failed => (status["failed"].AsLong() ?? 0) + Uncounted("failed").Count;

        private SortedSet<int> CompletedIndexes()
        {
            var done = JobIndexes.Parse(status.Text("completedIndexes"), IndexBound);
            foreach (var pod in Pods.Where(p => p.Phase == "Succeeded"))
            {
                if (JobIndexes.Of(pod) is { } index && index < IndexBound)
                {
                    done.Add(index);
                }
            }

            return done;
        }

        /// <summary>Writes down, by uid, which pods have ended and are not counted yet.</summary>
        private void NoteEnds()
        {
            var noted = status.Child("uncountedTerminatedPods");
            var known = Uncounted("succeeded").Concat(Uncounted("failed")).Select(u => u.AsText()).ToHashSet(StringComparer.Ordinal);
            foreach (var pod in Pods.Where(p => Finalizers.Has(p, JobPods.Tracking) && !known.Contains(p.Uid)))
            {
                if (pod.Phase == "Succeeded")
                {
                    noted.List("succeeded").Add((JsonNode)pod.Uid);
                }
                else if (JobPods.HasFailed(pod, job) && PodFailurePolicy.Of(job, pod)?.Action != "Ignore")
                {
                    noted.List("failed").Add((JsonNode)pod.Uid);
                }
            }
        }

        /// <summary>Lets the noted pods go, then counts those that are gone or free.</summary>
        private async Task CountAsync(CancellationToken cancellation)
        {
            var noted = Uncounted("succeeded").Concat(Uncounted("failed")).Select(u => u.AsText() ?? "").ToHashSet(StringComparer.Ordinal);
            var ignored = Pods.Where(p => JobPods.HasFailed(p, job) && Finalizers.Has(p, JobPods.Tracking) && PodFailurePolicy.Of(job, p)?.Action == "Ignore");
            var indexes = indexed ? CompletedIndexes() : null;
            await Task.WhenAll(Pods.Where(p => noted.Contains(p.Uid)).Concat(ignored).ToList().Select(p =>
                controller.Cluster.ChangeAsync(BuiltInResources.Pods, p, current => Finalizers.Remove(current, JobPods.Tracking), cancellation)));
            var held = Pods.Where(p => Finalizers.Has(p, JobPods.Tracking)).Select(p => p.Uid).ToHashSet(StringComparer.Ordinal);
            foreach (var kind in (string[])["succeeded", "failed"])
            {
                var counted = Uncounted(kind).Where(u => !held.Contains(u.AsText() ?? "")).ToList();
                counted.ForEach(u => Uncounted(kind).Remove(u));
                Counts.Put(status, kind, (status[kind].AsLong() ?? 0) + counted.Count);
                if (Uncounted(kind).Count == 0)
                {
                    status.Child("uncountedTerminatedPods").Remove(kind);
                }
            }

            if (indexes is not null)
            {
                if (indexes.Count > 0)
                {
                    status["completedIndexes"] = JobIndexes.Format(indexes);
                }

                Counts.Put(status, "succeeded", Math.Max(0, indexes.Count - Uncounted("succeeded").Count));
            }
        }

        private int FailuresOf(int index) => Pods.Count(p => JobIndexes.Of(p) == index && JobPods.HasFailed(p, job) && PodFailurePolicy.Of(job, p)?.Action != "Ignore");

        private SortedSet<int> FailedIndexes()
        {
            var failed = JobIndexes.Parse(status.Text("failedIndexes"), IndexBound);
            if (backoffPerIndex is { } limit)
            {
                var ended = Pods.Where(p => JobPods.HasFailed(p, job) && JobIndexes.Of(p) is not null).ToList();
                foreach (var index in ended.Select(p => JobIndexes.Of(p)!.Value).Distinct().ToList())
                {
                    if (FailuresOf(index) > limit || ended.Exists(p => JobIndexes.Of(p) == index && PodFailurePolicy.Of(job, p)?.Action == "FailIndex"))
                    {
                        failed.Add(index);
                    }
                }

                failed.ExceptWith(CompletedIndexes());
            }

            return failed;
        }

        /// <summary>Whether the Job's fate is decided, and how; null while it is not.</summary>
        private Verdict? Judge()
        {
            if (Conditions.Find(status, "FailureTarget") is { } failing)
            {
                return new(false, failing.Text("reason") ?? "", failing.Text("message") ?? "");
            }

            if (Conditions.Find(status, "SuccessCriteriaMet") is { } succeeding)
            {
                return new(true, succeeding.Text("reason") ?? "", succeeding.Text("message") ?? "");
            }

            foreach (var pod in Pods.Where(p => p.Phase == "Failed"))
            {
                if (PodFailurePolicy.Of(job, pod) is { Action: "FailJob" } rule)
                {
                    return new(false, "PodFailurePolicy", rule.Message);
                }
            }

            var failedIndexes = backoffPerIndex is null ? [] : FailedIndexes();
            if (backoffPerIndex is not null)
            {
                status["failedIndexes"] = JobIndexes.Format(failedIndexes);
            }

            if (job.At("spec", "maxFailedIndexes").AsLong() is { } maxFailed && failedIndexes.Count > maxFailed)
            {
                return new(false, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
            }

            if ((backoffPerIndex is null && Failed > backoffLimit) || HasRestartedTooOften())
            {
                return new(false, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
            }

            if (job.At("spec", "activeDeadlineSeconds").AsLong() is { } deadline && !IsSuspended && status["startTime"].AsTime() is { } started)
            {
                var left = started + TimeSpan.FromSeconds(deadline) - controller.Now;
                if (left <= TimeSpan.Zero)
                {
                    return new(false, "DeadlineExceeded", "Job was active longer than specified deadline");
                }

                controller.EnqueueAfter(NamespacedName.Of(job), left);
            }

            var enough = completions is { } wanted ? Succeeded >= wanted : Succeeded > 0 && !Pods.Exists(p => p.IsActive);
            if (enough)
            {
                return new(true, "CompletionsReached", "Reached expected number of succeeded pods");
            }

            return failedIndexes.Count > 0 && failedIndexes.Count + Succeeded >= completions
                ? new(false, "FailedIndexes", "Job has failed indexes")
                : null;
        }

        private bool HasRestartedTooOften()
        {
            if (job.At("spec", "template", "spec", "restartPolicy").AsText() != "OnFailure")
            {
                return false;
            }

            var restarts = Pods.Where(p => p.Phase is "Running" or "Pending" && !p.IsBeingDeleted).Sum(p => p.Restarts);
            return backoffLimit == 0 ? restarts > 0 : restarts >= backoffLimit;
        }

        private void Target(Verdict verdict)
        {
            var type = verdict.Success ? "SuccessCriteriaMet" : "FailureTarget";
            if (Conditions.Find(status, type) is null)
            {
                Conditions.Set(status, Condition(type, verdict.Reason, verdict.Message));
            }
        }

        private void Finish(Verdict verdict)
        {
            Conditions.Set(status, Condition(verdict.Success ? "Complete" : "Failed", verdict.Reason, verdict.Message));
            if (verdict.Success)
            {
                status["completionTime"] = Stamp;
                controller.recorder.Record(job, EventType.Normal, "Completed", "Job completed");
            }
            else
            {
                controller.recorder.Record(job, EventType.Warning, verdict.Reason, verdict.Message);
            }
        }

        /// <summary>Every pod has ended and was counted.</summary>
        private bool IsSettled() => Pods.TrueForAll(p => p.IsTerminal) && Uncounted("succeeded").Count + Uncounted("failed").Count == 0;

        private JsonObject Condition(string type, string reason, string message, string value = "True") => new()
        {
            ["type"] = type,
            ["status"] = value,
            ["lastProbeTime"] = Stamp,
            ["lastTransitionTime"] = Stamp,
            ["reason"] = reason,
            ["message"] = message,
        };

        private void NoteSuspension()
        {
            var noted = Conditions.IsTrue(status, "Suspended");
            if (IsSuspended && !noted)
            {
                Conditions.Set(status, Condition("Suspended", "JobSuspended", "Job suspended"));
                status.Remove("startTime");
                controller.recorder.Record(job, EventType.Normal, "Suspended", "Job suspended");
            }
            else if (!IsSuspended && noted)
            {
                Conditions.Set(status, Condition("Suspended", "JobResumed", "Job resumed", "False"));
                status["startTime"] = Stamp;
                controller.recorder.Record(job, EventType.Normal, "Resumed", "Job resumed");
            }
        }

        private void CountActive()
        {
            var all = Pods;
            status.Remove("active");
            Counts.Put(status, "active", all.Count(p => p.IsActive));
            status["ready"] = all.Count(p => p.IsActive && p.IsReady);
            status["terminating"] = all.Count(p => p.IsBeingDeleted && !p.IsTerminal);
            status.Child("uncountedTerminatedPods");
        }

        private async Task<Exception?> DeleteActiveAsync(List<JsonObject> victims, CancellationToken cancellation)
        {
            try
            {
                await Task.WhenAll(victims.Select(p => controller.control.DeleteAsync(p, job, cancellation)));
                return null;
            }
            catch (ApiException e)
            {
                return e;
            }
        }

        /// <summary>Brings the number of running pods to what is wanted.</summary>
        private async Task<Exception?> ManageAsync(CancellationToken cancellation)
        {
            var active = Pods.FindAll(p => p.IsActive);
            var occupied = job.At("spec", "podReplacementPolicy").AsText() == "Failed" || JobPods.HasPolicy(job)
                ? Pods.Count(p => p.IsBeingDeleted && !p.IsTerminal)
                : 0;
            var wanted = completions is { } total
                ? Math.Min(parallelism, total - Succeeded - (backoffPerIndex is null ? 0 : FailedIndexes().Count))
                : Succeeded > 0 ? Math.Min(parallelism, active.Count) : parallelism;
            wanted = Math.Max(0, wanted);
            if (active.Count > wanted)
            {
                return await DeleteActiveAsync(
                    [.. active.Order(ReplicaSets.DeletionOrder.Instance).Take(active.Count - (int)wanted)], cancellation);
            }

            var missing = (int)Math.Min(wanted - active.Count - occupied, MaxAtOnce);
            if (missing <= 0)
            {
                return null;
            }

            if (backoffPerIndex is null && Pause() is { } pause)
            {
                controller.EnqueueAfter(NamespacedName.Of(job), pause);
                return null;
            }

            List<int?> indexes = indexed ? [.. FreeIndexes(missing)] : [.. Enumerable.Repeat<int?>(null, missing)];
            return await SlowStart.RunAsync(indexes.Count, i => controller.control.CreateAsync(JobPods.New(job, indexes[i]), job, cancellation));
        }

        private IEnumerable<int?> FreeIndexes(int count)
        {
            var taken = CompletedIndexes();
            taken.UnionWith(Pods.Where(p => p.IsActive).Select(JobIndexes.Of).OfType<int>());
            if (backoffPerIndex is not null)
            {
                taken.UnionWith(FailedIndexes());
            }

            for (var i = 0; i < IndexBound && count > 0; i++)
            {
                if (!taken.Contains(i))
                {
                    count--;
                    yield return i;
                }
            }
        }

        /// <summary>How long to wait before the next try: 10 s after the first failure in a row, doubled with each; null when it is time.</summary>
        private TimeSpan? Pause()
        {
            var all = Pods;
            var success = all.Where(p => p.Phase == "Succeeded").Select(p => JobPods.Finished(p, controller.Now)).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
            var failures = all.Where(p => p.Phase == "Failed").Select(p => JobPods.Finished(p, controller.Now)).Where(t => t > success).Order().ToList();
            if (failures.Count == 0)
            {
                return null;
            }

            var pause = FirstPause * Math.Pow(2, Math.Min(failures.Count - 1, 10));
            var left = failures[^1] + (pause < LongestPause ? pause : LongestPause) - controller.Now;
            return left > TimeSpan.Zero ? left : null;
        }

        private async Task WriteAsync(CancellationToken cancellation) =>
            latest = await controller.UpdateStatusAsync(BuiltInResources.Jobs, latest, (JsonObject)status.DeepClone(), cancellation);

        private readonly record struct Verdict(bool Success, string Reason, string Message);
    }
}
