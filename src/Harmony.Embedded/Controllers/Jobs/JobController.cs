using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

/// <summary>
/// Runs pods until enough of them have succeeded. Each pod's end is counted once: first noted by uid, then the pod is let go, then the count is
/// raised, each step written down before the next, so that a kill between them loses and repeats nothing. Source: kube's job_controller.go.
/// </summary>
internal sealed partial class JobController : Reconciler
{
    private readonly ObjectCache jobs;
    private readonly ObjectCache pods;
    private readonly EventRecorder recorder;
    private readonly PodControl control;

    public JobController(ControllerContext context)
        : base("job-controller", context)
    {
        recorder = context.Recorder(Name);
        control = new(Cluster, recorder);
        jobs = Watched(BuiltInResources.Jobs);
        pods = Owned(BuiltInResources.Pods, jobs);
        pods.Changed += (_, pod) =>
        {
            if (pod is { IsBeingDeleted: false, Controller: null })
            {
                Claims.PossibleOwners(jobs, pod).ToList().ForEach(Enqueue);
            }
            else if (pod is not null && IsStray(pod))
            {
                Enqueue(StrayKey(pod));
            }
        };
        jobs.Changed += (old, job) =>
        {
            if (job is null)
            {
                pods.ControlledBy(old!.Uid).ToList().ForEach(p => Enqueue(StrayKey(p)));
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (key.Namespace.StartsWith('|'))
        {
            await ReleaseStrayAsync(key, cancellation);
            return;
        }

        if (jobs.Get(key) is not { } job)
        {
            return;
        }

        if (IsFinished(job))
        {
            await ExpireAsync(job, cancellation);
            return;
        }

        if (job.IsBeingDeleted)
        {
            // A deletion in the foreground waits for the pods, and they must not wait to be counted by a Job that counts no more.
            await Task.WhenAll(pods.ControlledBy(job.Uid).Where(p => Finalizers.Has(p, JobPods.Tracking)).ToList().Select(p => ReleaseAsync(p, cancellation)));
            return;
        }

        await Claims.ClaimAsync(Cluster, pods, job, cancellation);
        await new JobSync(this, job).RunAsync(cancellation);
    }

    private static bool IsFinished(JsonObject job) => Conditions.IsTrue(job.Status, "Complete") || Conditions.IsTrue(job.Status, "Failed");

    private static NamespacedName StrayKey(JsonObject pod) => new($"|{pod.Namespace}", pod.Name);

    /// <summary>A pod that waits to be counted by a Job that is not there any more.</summary>
    private bool IsStray(JsonObject pod) => Finalizers.Has(pod, JobPods.Tracking)
        && (pod.Controller is not { } owner || owner.Text("kind") != "Job" || OwnerIn(jobs, pod) is null);

    private async Task ReleaseStrayAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (pods.Get(key.Namespace[1..], key.Name) is { } pod && Finalizers.Has(pod, JobPods.Tracking)
            && (pod.Controller is not { } owner || Cluster.GetLive(BuiltInResources.Jobs, pod.Namespace, owner.Text("name") ?? "")?.Uid != owner.Text("uid")))
        {
            await ReleaseAsync(pod, cancellation);
        }
    }

    private Task ReleaseAsync(JsonObject pod, CancellationToken cancellation) =>
        Cluster.ChangeAsync(BuiltInResources.Pods, pod, p => Finalizers.Remove(p, JobPods.Tracking), cancellation);

    /// <summary>Deletes a finished Job when its <c>ttlSecondsAfterFinished</c> have passed.</summary>
    private async Task ExpireAsync(JsonObject job, CancellationToken cancellation)
    {
        if (job.IsBeingDeleted || job.At("spec", "ttlSecondsAfterFinished").AsLong() is not { } seconds)
        {
            return;
        }

        var finished = (job.Condition("Complete") ?? job.Condition("Failed"))?["lastTransitionTime"].AsTime() ?? Now;
        var left = finished + TimeSpan.FromSeconds(seconds) - Now;
        if (left > TimeSpan.Zero)
        {
            EnqueueAfter(NamespacedName.Of(job), left);
        }
        else
        {
            await Cluster.DeleteAsync(BuiltInResources.Jobs, job, cancellation, "Foreground");
        }
    }
}
