using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

internal sealed partial class JobController
{
    private sealed partial class JobSync
    {
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
    }
}
