using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>
/// Rolls a Deployment's template out through ReplicaSets, one a revision. Source: kube's deployment controller, whose steps and words these are.
/// </summary>
internal sealed partial class DeploymentController : Reconciler
{
    private readonly ObjectCache deployments;
    private readonly ObjectCache sets;
    private readonly ObjectCache pods;
    private readonly EventRecorder recorder;

    public DeploymentController(ControllerContext context)
        : base("deployment-controller", context)
    {
        recorder = context.Recorder(Name);
        deployments = Watched(BuiltInResources.Deployments);
        sets = Owned(BuiltInResources.ReplicaSets, deployments);
        sets.Changed += (_, set) =>
        {
            if (set is { Controller: null, IsBeingDeleted: false })
            {
                Claims.PossibleOwners(deployments, set).ToList().ForEach(Enqueue);
            }
        };
        pods = Cluster.Of(BuiltInResources.Pods);
        pods.Changed += (old, pod) =>
        {
            // Recreate waits for the last old pod; nothing else here looks at pods.
            if ((pod is null || pod.IsTerminal) && old is not null && OwnerIn(sets, old) is { } set
                && OwnerIn(deployments, set) is { } deployment && !Rollout.IsRolling(deployment))
            {
                Enqueue(deployment);
            }
        };
    }

    private string Stamp => Context.Time.Stamp();

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (deployments.Get(key) is not { } deployment || deployment.At("spec", "selector") is not JsonObject { Count: > 0 })
        {
            return;
        }

        var owned = await Claims.ClaimAsync(Cluster, sets, deployment, cancellation);
        if (deployment.IsBeingDeleted)
        {
            var status = DeploymentStatus.Count(deployment, owned, Newest(deployment, owned), Stamp);
            await UpdateStatusAsync(BuiltInResources.Deployments, deployment, status, cancellation);
            return;
        }

        deployment = await NotePauseAsync(deployment, cancellation);
        if (IsPaused(deployment) || owned.Exists(s => Rollout.Replicas(s) > 0 && IsScaling(deployment, s)))
        {
            await ScaleOnlyAsync(deployment, owned, cancellation);
        }
        else if (Rollout.IsRolling(deployment))
        {
            await RollAsync(deployment, owned, cancellation);
        }
        else
        {
            await RecreateAsync(deployment, owned, cancellation);
        }
    }

    private static bool IsPaused(JsonObject deployment) => deployment.At("spec", "paused").AsBool() == true;

    private static bool IsScaling(JsonObject deployment, JsonObject set) =>
        set.Annotation(Revisions.Desired) is { } desired && desired != $"{Rollout.Replicas(deployment)}";

    /// <summary>The ReplicaSet of the present template, the oldest where there are several; null where there is none.</summary>
    private static JsonObject? Newest(JsonObject deployment, IEnumerable<JsonObject> owned) =>
        owned.Where(s => Revisions.SameTemplate(deployment, s)).OrderBy(s => s.Created()).ThenBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault();

    private async Task<JsonObject> NotePauseAsync(JsonObject deployment, CancellationToken cancellation)
    {
        if (DeploymentStatus.Deadline(deployment) is null)
        {
            return deployment;
        }

        var condition = deployment.Condition(DeploymentStatus.Progressing);
        var noted = condition?.Text("reason") == "DeploymentPaused";
        if (noted == IsPaused(deployment) || condition?.Text("reason") == DeploymentStatus.TimedOut)
        {
            return deployment;
        }

        var status = deployment.Status?.DeepClone() as JsonObject ?? [];
        DeploymentStatus.Set(status, IsPaused(deployment)
            ? DeploymentStatus.New(DeploymentStatus.Progressing, "Unknown", "DeploymentPaused", "Deployment is paused", Stamp)
            : DeploymentStatus.New(DeploymentStatus.Progressing, "Unknown", "DeploymentResumed", "Deployment is resumed", Stamp));
        return await UpdateStatusAsync(BuiltInResources.Deployments, deployment, status, cancellation);
    }

    private async Task RollAsync(JsonObject deployment, List<JsonObject> owned, CancellationToken cancellation)
    {
        (deployment, var current) = await EnsureNewSetAsync(deployment, owned, cancellation);
        if (current is null)
        {
            return;
        }

        var old = owned.Where(s => s.Uid != current.Uid).ToList();
        List<JsonObject> all = [.. old, current];
        if (await ScaleNewAsync(deployment, all, current, cancellation) is { } grown)
        {
            current = grown;
        }
        else
        {
            old = await ScaleOldAsync(deployment, old, current, cancellation);
        }

        await FinishAsync(deployment, old, current, cancellation);
    }

    private async Task RecreateAsync(JsonObject deployment, List<JsonObject> owned, CancellationToken cancellation)
    {
        var present = Newest(deployment, owned);
        var old = owned.Where(s => s.Uid != present?.Uid).ToList();
        var active = old.Where(s => Rollout.Replicas(s) > 0).ToList();
        if (active.Count > 0)
        {
            foreach (var set in active)
            {
                old[old.IndexOf(set)] = await ScaleAsync(deployment, set, 0, cancellation);
            }
        }

        if (active.Count > 0 || old.Exists(s => pods.ControlledBy(s.Uid).Any(p => !p.IsTerminal)))
        {
            await ReportAsync(deployment, old, present, cancellation);
            return;
        }

        (deployment, present) = await EnsureNewSetAsync(deployment, owned, cancellation);
        if (present is not null)
        {
            if (Rollout.Replicas(present) != Rollout.Replicas(deployment))
            {
                present = await ScaleAsync(deployment, present, Rollout.Replicas(deployment), cancellation);
            }

            await FinishAsync(deployment, old, present, cancellation);
        }
    }

    private async Task FinishAsync(JsonObject deployment, List<JsonObject> old, JsonObject current, CancellationToken cancellation)
    {
        if (deployment.Status is { } status && DeploymentStatus.IsComplete(deployment, status))
        {
            await CleanUpAsync(deployment, old, cancellation);
        }

        await ReportAsync(deployment, old, current, cancellation);
    }

    /// <summary>Forgets old revisions beyond the limit.</summary>
    private async Task CleanUpAsync(JsonObject deployment, IEnumerable<JsonObject> old, CancellationToken cancellation)
    {
        if (deployment.At("spec", "revisionHistoryLimit").AsLong() is not { } limit || limit == int.MaxValue)
        {
            return;
        }

        var kept = old.Where(s => !s.IsBeingDeleted).OrderBy(Revisions.Of).ToList();
        foreach (var set in kept.Take((int)Math.Max(0, kept.Count - limit)))
        {
            if (Rollout.Replicas(set) == 0 && Rollout.StatusCount(set, "replicas") == 0 && Rollout.StatusCount(set, "observedGeneration") >= set.Generation)
            {
                await Cluster.DeleteAsync(BuiltInResources.ReplicaSets, set, cancellation);
            }
        }
    }
}
