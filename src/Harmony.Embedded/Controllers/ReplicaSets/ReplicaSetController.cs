using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.ReplicaSets;

/// <summary>Keeps as many pods of a template alive as a ReplicaSet asks for.</summary>
internal sealed class ReplicaSetController : Reconciler
{
    /// <summary>Pods created or deleted in one go; more follow in the next.</summary>
    private const int BurstReplicas = 500;

    private readonly ObjectCache sets;
    private readonly ObjectCache pods;
    private readonly PodControl control;

    public ReplicaSetController(ControllerContext context)
        : base("replicaset-controller", context)
    {
        control = new(Cluster, context.Recorder(Name));
        sets = Watched(BuiltInResources.ReplicaSets);
        pods = Owned(BuiltInResources.Pods, sets);
        pods.Changed += (_, pod) =>
        {
            if (pod is { IsActive: true, Controller: null })
            {
                Claims.PossibleOwners(sets, pod).ToList().ForEach(Enqueue);
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (sets.Get(key) is not { } set || set.At("spec", "selector") is not JsonObject { Count: > 0 })
        {
            return;
        }

        var claimed = await Claims.ClaimAsync(Cluster, pods, set, cancellation, pod => pod.IsActive);
        var active = claimed.Where(p => p.IsActive).ToList();
        Exception? failure = null;
        var difference = 0;
        if (!set.IsBeingDeleted)
        {
            difference = active.Count - (int)(set.At("spec", "replicas").AsLong() ?? 1);
            failure = await ScaleAsync(set, active, difference, cancellation);
        }

        // What was just created or deleted is in the cache by now.
        claimed = [.. pods.ControlledBy(set.Uid)];
        Gather(key, claimed.Count);
        var current = sets.Get(key);
        if (current is null || current.Uid != set.Uid)
        {
            return;
        }

        await UpdateStatusAsync(BuiltInResources.ReplicaSets, current, Status(current, set.Generation, claimed, failure, difference), cancellation);
        EnqueueWhenAvailable(key, current, claimed);
        if (failure is not null)
        {
            throw new RetryException(failure.Message, failure);
        }
    }

    private async Task<Exception?> ScaleAsync(JsonObject set, List<JsonObject> active, int difference, CancellationToken cancellation)
    {
        if (difference < 0)
        {
            var template = set.At("spec", "template") as JsonObject ?? [];
            var failure = await SlowStart.RunAsync(
                Math.Min(-difference, BurstReplicas), _ => control.CreateAsync(PodTemplate.NewPod(template, set), set, cancellation));
            if (-difference > BurstReplicas)
            {
                Enqueue(set);
            }

            return failure;
        }

        if (difference > 0)
        {
            var victims = active.Order(DeletionOrder.Instance).Take(Math.Min(difference, BurstReplicas));
            try
            {
                await Task.WhenAll(victims.Select(p => control.DeleteAsync(p, set, cancellation)));
            }
            catch (ApiException e)
            {
                return e;
            }
        }

        return null;
    }

    private JsonObject Status(JsonObject set, long generation, List<JsonObject> claimed, Exception? failure, int difference)
    {
        var labels = set.At("spec", "template", "metadata", "labels").AsTextMap();
        var minReady = set.At("spec", "minReadySeconds").AsLong() ?? 0;
        var active = claimed.Where(p => p.IsActive).ToList();
        var status = new JsonObject { ["replicas"] = active.Count };
        Counts.Put(status, "fullyLabeledReplicas", active.Count(p => labels.All(l => p.Label(l.Key) == l.Value)));
        Counts.Put(status, "readyReplicas", active.Count(p => p.IsReady));
        Counts.Put(status, "availableReplicas", active.Count(p => p.UntilAvailable(minReady, Now) == TimeSpan.Zero));
        status["terminatingReplicas"] = claimed.Count(p => p.IsBeingDeleted && !p.IsTerminal);
        status["observedGeneration"] = generation;
        if (failure is not null)
        {
            var known = set.Condition("ReplicaFailure");
            status["conditions"] = new JsonArray(known?.DeepClone()
                ?? Conditions.New("ReplicaFailure", "True", difference < 0 ? "FailedCreate" : "FailedDelete", failure.Message, Context.Time.Stamp()));
        }

        return status;
    }

    private void EnqueueWhenAvailable(NamespacedName key, JsonObject set, List<JsonObject> claimed)
    {
        var minReady = set.At("spec", "minReadySeconds").AsLong() ?? 0;
        if (minReady > 0 && claimed.Select(p => p.UntilAvailable(minReady, Now)).Where(w => w > TimeSpan.Zero).Min() is { } wait)
        {
            EnqueueAfter(key, wait);
        }
    }
}
