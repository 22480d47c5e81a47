using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>How many pods each revision gets.</summary>
internal sealed partial class DeploymentController
{
    private async Task<JsonObject> ScaleAsync(JsonObject deployment, JsonObject set, long replicas, CancellationToken cancellation)
    {
        var before = Rollout.Replicas(set);
        var changed = (JsonObject)set.DeepClone();
        changed.Child("spec")["replicas"] = replicas;
        if (!Revisions.SetReplicas(changed, deployment) && before == replicas)
        {
            return set;
        }

        var scaled = await Cluster.UpdateAsync(BuiltInResources.ReplicaSets, changed, null, cancellation);
        if (before != replicas)
        {
            var direction = replicas > before ? "up" : "down";
            recorder.Record(deployment, EventType.Normal, "ScalingReplicaSet", $"Scaled {direction} replica set {set.Name} from {before} to {replicas}");
        }

        return scaled;
    }

    /// <summary>Moves the new ReplicaSet towards its size; null where there is nothing to do now.</summary>
    private async Task<JsonObject?> ScaleNewAsync(JsonObject deployment, List<JsonObject> all, JsonObject current, CancellationToken cancellation)
    {
        var has = Rollout.Replicas(current);
        var wanted = has > Rollout.Replicas(deployment) ? Rollout.Replicas(deployment) : Rollout.NewReplicas(deployment, all, has);
        return has == wanted ? null : await ScaleAsync(deployment, current, wanted, cancellation);
    }

    /// <summary>Takes as many old pods away as availability allows: the unhealthy ones first, they serve nobody.</summary>
    private async Task<List<JsonObject>> ScaleOldAsync(JsonObject deployment, List<JsonObject> old, JsonObject current, CancellationToken cancellation)
    {
        var oldest = old.OrderBy(s => s.Created()).ThenBy(s => s.Name, StringComparer.Ordinal).ToList();
        var minAvailable = Rollout.Replicas(deployment) - Rollout.MaxUnavailable(deployment);
        var unavailableNew = Rollout.Replicas(current) - Rollout.StatusCount(current, "availableReplicas");
        var removable = oldest.Sum(Rollout.Replicas) + Rollout.Replicas(current) - minAvailable - unavailableNew;
        if (removable <= 0 || oldest.Sum(Rollout.Replicas) == 0)
        {
            return old;
        }

        var targets = oldest.ConvertAll(Rollout.Replicas);
        for (var i = 0; i < oldest.Count && removable > 0; i++)
        {
            var unhealthy = Math.Min(removable, targets[i] - Rollout.StatusCount(oldest[i], "availableReplicas"));
            if (unhealthy > 0)
            {
                targets[i] -= unhealthy;
                removable -= unhealthy;
            }
        }

        var available = oldest.Sum(s => Rollout.StatusCount(s, "availableReplicas")) + Rollout.StatusCount(current, "availableReplicas");
        var spare = Math.Max(0, available - minAvailable);
        for (var i = 0; i < oldest.Count && spare > 0; i++)
        {
            var fewer = Math.Min(spare, targets[i]);
            targets[i] -= fewer;
            spare -= fewer;
        }

        for (var i = 0; i < oldest.Count; i++)
        {
            if (targets[i] != Rollout.Replicas(oldest[i]))
            {
                oldest[i] = await ScaleAsync(deployment, oldest[i], targets[i], cancellation);
            }
        }

        return oldest;
    }

    /// <summary>A paused Deployment, or one whose replicas were changed, is scaled without rolling anything out.</summary>
    private async Task ScaleOnlyAsync(JsonObject deployment, List<JsonObject> owned, CancellationToken cancellation)
    {
        var current = Newest(deployment, owned);
        if (current is not null)
        {
            var revision = owned.Where(s => s.Uid != current.Uid).Select(Revisions.Of).DefaultIfEmpty(0).Max() + 1;
            (deployment, current) = await UseAsync(deployment, current, revision, cancellation);
        }

        var all = owned.Select(s => s.Uid == current?.Uid ? current! : s).ToList();
        var active = all.Where(s => Rollout.Replicas(s) > 0).ToList();
        if (active.Count <= 1)
        {
            var latest = active.Count == 1 ? active[0] : current ?? all.MaxBy(Revisions.Of);
            if (latest is not null)
            {
                all[all.IndexOf(latest)] = await ScaleAsync(deployment, latest, Rollout.Replicas(deployment), cancellation);
            }
        }
        else if (Rollout.IsSaturated(deployment, current))
        {
            foreach (var set in active.Where(s => s.Uid != current!.Uid))
            {
                all[all.IndexOf(set)] = await ScaleAsync(deployment, set, 0, cancellation);
            }
        }
        else if (Rollout.IsRolling(deployment))
        {
            await ScaleInProportionAsync(deployment, all, active, cancellation);
        }

        current = current is null ? null : all.Find(s => s.Uid == current.Uid);
        var old = all.Where(s => s.Uid != current?.Uid).ToList();
        if (IsPaused(deployment))
        {
            await CleanUpAsync(deployment, old, cancellation);
        }

        await ReportCountsAsync(deployment, all, current, cancellation);
    }

    /// <summary>In the middle of a rollout every revision grows or shrinks by its share, the largest first, and takes what rounding leaves.</summary>
    private async Task ScaleInProportionAsync(JsonObject deployment, List<JsonObject> all, List<JsonObject> active, CancellationToken cancellation)
    {
        var total = active.Sum(Rollout.Replicas);
        var allowed = Rollout.Replicas(deployment) > 0 ? Rollout.Replicas(deployment) + Rollout.MaxSurge(deployment) : 0;
        var left = allowed - total;
        var sorted = left > 0
            ? active.OrderByDescending(Rollout.Replicas).ThenByDescending(s => s.Created()).ToList()
            : active.OrderByDescending(Rollout.Replicas).ThenBy(s => s.Created()).ToList();
        var targets = new List<long>();
        foreach (var set in sorted)
        {
            var share = (long)Math.Round(Rollout.Replicas(set) * (double)(allowed - total) / total, MidpointRounding.AwayFromZero);
            share = left > 0 ? Math.Min(Math.Max(0, share), left) : Math.Max(Math.Min(0, share), left);
            targets.Add(Rollout.Replicas(set) + share);
            left -= share;
        }

        targets[0] = Math.Max(0, targets[0] + left);
        for (var i = 0; i < sorted.Count; i++)
        {
            all[all.IndexOf(sorted[i])] = await ScaleAsync(deployment, sorted[i], Math.Max(0, targets[i]), cancellation);
        }
    }
}
