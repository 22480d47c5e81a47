using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>
/// Places pods on the node, or says why it cannot, in kube-scheduler's words. One at a time, first come first served; what did not fit is tried
/// again when something that could make room changes, not on a clock.
/// </summary>
internal sealed class Scheduler : Reconciler
{
    private const string Reporter = "default-scheduler";
    private readonly ObjectCache pods;
    private readonly ObjectCache nodes;
    private readonly ObjectCache namespaces;
    private readonly EventRecorder recorder;
    private readonly NodeRoom room = new();
    private readonly VolumeFit volumes;
    private readonly HashSet<NamespacedName> waiting = [];

    public Scheduler(ControllerContext context)
        : base(Reporter, context, parallelism: 1)
    {
        recorder = new(context.Client, context.Time, Reporter, instance: $"{Reporter}-harmony");
        pods = Cluster.Of(BuiltInResources.Pods);
        nodes = Cluster.Of(BuiltInResources.Nodes);
        namespaces = Cluster.Of(BuiltInResources.Namespaces);
        volumes = new(Cluster, context, RetryWaiting);
        pods.Changed += OnPod;
        nodes.Changed += (old, node) =>
        {
            // The node's heartbeat alone makes no room.
            if (old is null || node is null || !JsonNode.DeepEquals(old["spec"], node["spec"])
                || !JsonNode.DeepEquals(old.At("status", "allocatable"), node.At("status", "allocatable"))
                || !JsonNode.DeepEquals(old.At("metadata", "labels"), node.At("metadata", "labels")))
            {
                RetryWaiting();
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        waiting.Remove(key);
        if (pods.Get(key) is not { } pod || !IsOurs(pod))
        {
            return;
        }

        if (pod.At("spec", "schedulingGates").Items().Any())
        {
            await NoteAsync(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", cancellation);
            return;
        }

        if (nodes.Count == 0)
        {
            await RefuseAsync(pod, "no nodes available to schedule pods", cancellation);
            return;
        }

        if (volumes.Problem(pod) is { } problem)
        {
            await RefuseAsync(pod, $"0/{nodes.Count} nodes are available: {problem}. not found", cancellation);
            return;
        }

        var objections = new List<Objection>();
        foreach (var node in nodes.All.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            var found = Objections(pod, node);
            if (found.Count == 0)
            {
                if (await volumes.IsPreparedAsync(pod, node, cancellation))
                {
                    await BindAsync(pod, node, cancellation);
                }
                else
                {
                    waiting.Add(key);
                }

                return;
            }

            objections.AddRange(found);
        }

        await RefuseAsync(pod, Explain(objections, nodes.Count), cancellation);
    }

    private static bool IsOurs(JsonObject pod) =>
        pod.NodeName is null && !pod.IsTerminal && !pod.IsBeingDeleted
        && pod.At("spec", "schedulerName").AsText() is null or "" or Reporter;

    private static string Explain(List<Objection> objections, int count)
    {
        var reasons = objections.GroupBy(o => o.Reason, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal);
        var hopeless = objections.Count(o => !o.Preemptible);
        var preemption = hopeless > 0
            ? $"{Math.Min(hopeless, count)} Preemption is not helpful for scheduling."
            : $"{count} No preemption victims found for incoming pod.";
        return $"0/{count} nodes are available: {string.Join(", ", reasons)}. "
            + $"no new claims to deallocate, preemption: 0/{count} nodes are available: {preemption}";
    }

    private List<Objection> Objections(JsonObject pod, JsonObject node)
    {
        if (node.At("spec", "unschedulable").AsBool() == true
            && Taints.Untolerated(pod, new JsonObject { ["spec"] = new JsonObject { ["taints"] = new JsonArray(new JsonObject
            {
                ["key"] = "node.kubernetes.io/unschedulable",
                ["effect"] = "NoSchedule",
            }) } }) is not null)
        {
            return [new("node(s) were unschedulable", Preemptible: false)];
        }

        if (Taints.Untolerated(pod, node) is not null)
        {
            return [new("node(s) had untolerated taint(s)", Preemptible: false)];
        }

        if (!NodeAffinity.Accepts(pod, node))
        {
            return [new("node(s) didn't match Pod's node affinity/selector", Preemptible: false)];
        }

        if (room.HasPortConflict(node.Name, pod))
        {
            return [new("node(s) didn't have free ports for the requested pod ports", Preemptible: true)];
        }

        var lacking = room.Lacking(pod, node).ToList();
        if (lacking.Count > 0)
        {
            return lacking;
        }

        if (volumes.Objection(pod, node) is { } volume)
        {
            return [new(volume, Preemptible: false)];
        }

        return PodAffinity.Objection(pod, node, room.On(node.Name), room.Choosy(node.Name), ns => namespaces.Get(null, ns)) is { } beside ? [new(beside, Preemptible: true)] : [];
    }

    private async Task BindAsync(JsonObject pod, JsonObject node, CancellationToken cancellation)
    {
        var bound = (JsonObject)pod.DeepClone();
        bound.Child("spec")["nodeName"] = node.Name;
        bound.Metadata.Remove("resourceVersion");
        try
        {
            await Cluster.UpdateAsync(BuiltInResources.Pods, bound, "binding", cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            return;
        }

        recorder.Record(pod, EventType.Normal, "Scheduled", $"Successfully assigned {pod.Namespace}/{pod.Name} to {node.Name}", action: "Binding");
    }

    private async Task RefuseAsync(JsonObject pod, string message, CancellationToken cancellation)
    {
        waiting.Add(NamespacedName.Of(pod));
        if (await NoteAsync(pod, "Unschedulable", message, cancellation))
        {
            recorder.Record(pod, EventType.Warning, "FailedScheduling", message, action: "Scheduling");
        }
    }

    /// <summary>Writes the PodScheduled condition; says whether it is news.</summary>
    private async Task<bool> NoteAsync(JsonObject pod, string reason, string message, CancellationToken cancellation)
    {
        if (pod.Condition("PodScheduled") is { } known && known.Text("reason") == reason && known.Text("message") == message)
        {
            return false;
        }

        var condition = Conditions.New("PodScheduled", "False", reason, message, Context.Time.Stamp());
        condition["observedGeneration"] = pod.Generation;
        condition["lastProbeTime"] = null;
        await Cluster.ChangeAsync(
            BuiltInResources.Pods,
            pod,
            current =>
            {
                if (current.NodeName is not null)
                {
                    return false;
                }

                var status = current.Child("status");
                status["phase"] ??= "Pending";
                Conditions.Set(status, condition.DeepClone().AsObject());
                return true;
            },
            cancellation,
            "status");
        return true;
    }

    private void OnPod(JsonObject? old, JsonObject? pod)
    {
        var frees = room.Note(old, pod);
        if (pod is not null && IsOurs(pod))
        {
            // A change of the status alone (our own, mostly) is no reason to look again.
            if (old is null || old.Generation != pod.Generation || !JsonNode.DeepEquals(old["spec"], pod["spec"]) || !waiting.Contains(NamespacedName.Of(pod)))
            {
                Enqueue(pod);
            }
        }
        else
        {
            waiting.Remove(NamespacedName.Of((pod ?? old)!));
        }

        // A pod that went may have left room; one that came may be the one another wants to be beside.
        if (frees)
        {
            RetryWaiting();
        }
    }

    private void RetryWaiting()
    {
        foreach (var key in waiting.ToList())
        {
            Enqueue(key);
        }
    }
}
