using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.StatefulSets;

/// <summary>
/// Keeps pods with names and volumes of their own alive, one after the other unless told otherwise. Source: kube's stateful_set_control.go.
/// </summary>
internal sealed partial class StatefulSetController : Reconciler
{
    private readonly ObjectCache sets;
    private readonly ObjectCache pods;
    private readonly ObjectCache claims;
    private readonly ControllerRevisions revisions;
    private readonly EventRecorder recorder;

    public StatefulSetController(ControllerContext context)
        : base("statefulset-controller", context)
    {
        recorder = context.Recorder(Name);
        sets = Watched(BuiltInResources.StatefulSets);
        pods = Owned(BuiltInResources.Pods, sets);
        pods.Changed += (_, pod) =>
        {
            if (pod is { IsBeingDeleted: false, Controller: null })
            {
                Claims.PossibleOwners(sets, pod).ToList().ForEach(Enqueue);
            }
        };
        claims = Cluster.Of(BuiltInResources.PersistentVolumeClaims);
        revisions = new(Cluster);
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (sets.Get(key) is not { } set || set.At("spec", "selector") is not JsonObject { Count: > 0 })
        {
            return;
        }

        await Claims.ClaimAsync(Cluster, pods, set, cancellation, p => StatefulPods.Ordinal(set, p) is not null);
        if (set.IsBeingDeleted)
        {
            return;
        }

        var update = await revisions.EnsureAsync(set, set.At("spec", "selector", "matchLabels").AsTextMap(), cancellation);
        var current = revisions.Of(set).Find(r => r.Name == set.At("status", "currentRevision").AsText()) ?? update;
        Exception? failure = null;
        try
        {
            await StepAsync(set, current, update, cancellation);
        }
        catch (ApiException e)
        {
            failure = e;
        }

        if (sets.Get(key) is not { } latest || latest.Uid != set.Uid)
        {
            return;
        }

        var members = Members(set);
        await UpdateStatusAsync(BuiltInResources.StatefulSets, latest, Status(set, latest, members, current, update), cancellation);
        await revisions.TruncateAsync(
            set, members.Select(p => p.Label(StatefulPods.RevisionLabel) ?? "").Append(update.Name).Append(current.Name).ToHashSet(StringComparer.Ordinal), cancellation);
        var minReady = set.At("spec", "minReadySeconds").AsLong() ?? 0;
        if (minReady > 0 && members.Select(p => p.UntilAvailable(minReady, Now)).Where(w => w > TimeSpan.Zero).Min() is { } wait)
        {
            EnqueueAfter(key, wait);
        }

        if (failure is ApiException refused && !PodControl.IsNamespaceEnding(refused))
        {
            throw new RetryException(refused.Message, refused);
        }
    }

    private static bool IsOrdered(JsonObject set) => set.At("spec", "podManagementPolicy").AsText() != "Parallel";

    private List<JsonObject> Members(JsonObject set) => [.. pods.ControlledBy(set.Uid).Where(p => StatefulPods.Ordinal(set, p) is not null)];

    private bool IsHealthy(JsonObject set, JsonObject pod) => !pod.IsBeingDeleted && pod.Phase == "Running" && IsAvailable(set, pod);

    private bool IsAvailable(JsonObject set, JsonObject pod) => pod.UntilAvailable(set.At("spec", "minReadySeconds").AsLong() ?? 0, Now) == TimeSpan.Zero;

    /// <summary>Does what can be done now; the rest follows when a pod has changed.</summary>
    private async Task StepAsync(JsonObject set, JsonObject current, JsonObject update, CancellationToken cancellation)
    {
        var start = StatefulPods.Start(set);
        var replicas = set.At("spec", "replicas").AsLong() ?? 1;
        var members = Members(set).ToDictionary(p => StatefulPods.Ordinal(set, p)!.Value);
        for (var ordinal = start; ordinal < start + replicas; ordinal++)
        {
            if (!await FillAsync(set, members.GetValueOrDefault(ordinal), Needs(set, ordinal) ? current : update, ordinal, cancellation) && IsOrdered(set))
            {
                return;
            }
        }

        // From the last one down, the one that is asked for last goes first.
        var condemned = members.Where(m => m.Key < start || m.Key >= start + replicas).OrderByDescending(m => m.Key).Select(m => m.Value).ToList();
        var firstUnhealthy = members.OrderBy(m => m.Key).Select(m => m.Value).FirstOrDefault(p => !IsHealthy(set, p));
        foreach (var pod in condemned)
        {
            if (pod.IsBeingDeleted || (IsOrdered(set) && !IsHealthy(set, pod) && !ReferenceEquals(pod, firstUnhealthy)))
            {
                if (IsOrdered(set))
                {
                    return;
                }

                continue;
            }

            await OwnClaimsAsync(set, pod, cancellation);
            await DeleteAsync(set, pod, cancellation);
            if (IsOrdered(set))
            {
                return;
            }
        }

        await UpdateAsync(set, members, update, start, replicas, cancellation);
    }

    /// <summary>Whether this pod stays at the current revision while an update rolls on (<c>partition</c>).</summary>
    private static bool Needs(JsonObject set, long ordinal) =>
        set.At("spec", "updateStrategy", "type").AsText() is null or "RollingUpdate"
        && ordinal < StatefulPods.Start(set) + (set.At("spec", "updateStrategy", "rollingUpdate", "partition").AsLong() ?? 0);

    /// <summary>Makes sure of one pod; says whether it is healthy.</summary>
    private async Task<bool> FillAsync(JsonObject set, JsonObject? pod, JsonObject revision, long ordinal, CancellationToken cancellation)
    {
        var name = StatefulPods.Name(set, ordinal);
        if (pod is not null && pod.IsTerminal && !pod.IsBeingDeleted)
        {
            var (reason, state) = pod.Phase == "Failed" ? ("RecreatingFailedPod", "failed") : ("RecreatingTerminatedPod", "terminated");
            recorder.Record(set, EventType.Warning, reason, $"StatefulSet {set.Namespace}/{set.Name} is recreating {state} Pod {pod.Name}");
            await DeleteAsync(set, pod, cancellation);
            pod = pods.Get(set.Namespace, name);
        }

        if (pod is null)
        {
            await EnsureClaimsAsync(set, name, cancellation);
            try
            {
                await Cluster.CreateAsync(BuiltInResources.Pods, StatefulPods.NewPod(set, revision, ordinal), cancellation);
            }
            catch (ApiException e)
            {
                recorder.Record(set, EventType.Warning, "FailedCreate", $"create Pod {name} in StatefulSet {set.Name} failed error: {e.Message}");
                throw;
            }

            recorder.Record(set, EventType.Normal, "SuccessfulCreate", $"Create Pod {name} in StatefulSet {set.Name} successful");
            return false;
        }

        if (!pod.IsBeingDeleted)
        {
            await EnsureClaimsAsync(set, name, cancellation);
        }

        return IsHealthy(set, pod);
    }

    private async Task UpdateAsync(
        JsonObject set, Dictionary<long, JsonObject> members, JsonObject update, long start, long replicas, CancellationToken cancellation)
    {
        if (set.At("spec", "updateStrategy", "type").AsText() == "OnDelete")
        {
            return;
        }

        var partition = set.At("spec", "updateStrategy", "rollingUpdate", "partition").AsLong() ?? 0;
        var budget = Math.Max(1, Deployments.Rollout.Resolve(set.At("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), replicas, roundUp: true, "1"));
        for (var ordinal = start + replicas - 1; ordinal >= start + partition && budget > 0; ordinal--)
        {
            if (!members.TryGetValue(ordinal, out var pod))
            {
                budget--;
            }
            else if (pod.Label(StatefulPods.RevisionLabel) != update.Name && !pod.IsBeingDeleted)
            {
                await DeleteAsync(set, pod, cancellation);
                budget--;
            }
            else if (!IsHealthy(set, pod))
            {
                budget--;
            }
        }
    }

    private async Task DeleteAsync(JsonObject set, JsonObject pod, CancellationToken cancellation)
    {
        await Cluster.DeleteAsync(BuiltInResources.Pods, pod, cancellation);
        recorder.Record(set, EventType.Normal, "SuccessfulDelete", $"Delete Pod {pod.Name} in StatefulSet {set.Name} successful");
    }

    private JsonObject Status(JsonObject set, JsonObject latest, List<JsonObject> members, JsonObject current, JsonObject update)
    {
        bool IsOf(JsonObject pod, JsonObject revision) => !pod.IsBeingDeleted && pod.Label(StatefulPods.RevisionLabel) == revision.Name;
        var ready = members.Count(p => p.Phase == "Running" && p.IsReady);
        var onCurrent = members.Count(p => IsOf(p, current));
        var onUpdate = members.Count(p => IsOf(p, update));
        var currentName = current.Name;
        var wanted = set.At("spec", "replicas").AsLong() ?? 1;
        if (set.At("spec", "updateStrategy", "type").AsText() is null or "RollingUpdate" && onUpdate == members.Count && ready == members.Count && wanted == members.Count)
        {
            (currentName, onCurrent) = (update.Name, onUpdate);
        }

        var status = new JsonObject { ["observedGeneration"] = set.Generation, ["replicas"] = members.Count };
        Counts.Put(status, "readyReplicas", ready);
        Counts.Put(status, "currentReplicas", onCurrent);
        Counts.Put(status, "updatedReplicas", onUpdate);
        status["currentRevision"] = currentName;
        status["updateRevision"] = update.Name;
        status["collisionCount"] = latest.At("status", "collisionCount").AsLong() ?? 0;
        status["availableReplicas"] = members.Count(p => p.Phase == "Running" && IsAvailable(set, p));
        return status;
    }
}
