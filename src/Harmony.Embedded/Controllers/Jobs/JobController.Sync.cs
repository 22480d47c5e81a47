using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

internal sealed partial class JobController
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>One look at one Job.</summary>
    private sealed partial class JobSync(JobController controller, JsonObject subject)
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

        private async Task WriteAsync(CancellationToken cancellation) =>
            latest = await controller.UpdateStatusAsync(BuiltInResources.Jobs, latest, (JsonObject)status.DeepClone(), cancellation);
    }
}
