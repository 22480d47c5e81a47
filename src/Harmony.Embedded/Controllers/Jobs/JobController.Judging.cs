using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

internal sealed partial class JobController
{
    private sealed partial class JobSync
    {
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


        private readonly record struct Verdict(bool Success, string Reason, string Message);
    }
}
