using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers.Deployments;
using Harmony.Embedded.Scheduling;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.DaemonSets;

/// <summary>Keeps one pod on every node that fits. Source: kube's daemon_controller.go.</summary>
internal sealed class DaemonSetController : Reconciler
{
    private const string RevisionLabel = "controller-revision-hash";
    private const string GenerationLabel = "pod-template-generation";
    private const string GenerationAnnotation = "deprecated.daemonset.template.generation";

    /// <summary>What a daemon outlasts on its node.</summary>
    private static readonly (string Key, string Effect)[] Tolerated =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"), ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    private readonly ObjectCache sets;
    private readonly ObjectCache pods;
    private readonly ObjectCache nodes;
    private readonly ControllerRevisions revisions;
    private readonly EventRecorder recorder;
    private readonly PodControl control;

    public DaemonSetController(ControllerContext context)
        : base("daemonset-controller", context)
    {
        recorder = context.Recorder(Name);
        control = new(Cluster, recorder);
        sets = Watched(BuiltInResources.DaemonSets);
        pods = Owned(BuiltInResources.Pods, sets);
        pods.Changed += (_, pod) =>
        {
            if (pod is { IsBeingDeleted: false, Controller: null })
            {
                Claims.PossibleOwners(sets, pod).ToList().ForEach(Enqueue);
            }
        };
        nodes = Cluster.Of(BuiltInResources.Nodes);
        nodes.Changed += (old, node) =>
        {
            if (old is null || node is null || !JsonNode.DeepEquals(old["spec"], node["spec"])
                || !JsonNode.DeepEquals(old.At("metadata", "labels"), node.At("metadata", "labels")))
            {
                sets.All.ToList().ForEach(Enqueue);
            }
        };
        revisions = new(Cluster);
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (sets.Get(key) is not { IsBeingDeleted: false } set || set.At("spec", "selector") is not JsonObject { Count: > 0 })
        {
            return;
        }

        await Claims.ClaimAsync(Cluster, pods, set, cancellation);
        var revision = await revisions.EnsureAsync(set, set.At("spec", "template", "metadata", "labels").AsTextMap(), cancellation);
        var hash = ControllerRevisions.Hash(revision);
        Exception? failure = null;
        try
        {
            await PlaceAsync(set, hash, cancellation);
            await UpdatePodsAsync(set, hash, cancellation);
        }
        catch (ApiException e)
        {
            failure = e;
        }

        if (sets.Get(key) is not { } latest || latest.Uid != set.Uid)
        {
            return;
        }

        await UpdateStatusAsync(BuiltInResources.DaemonSets, latest, Status(set, hash), cancellation);
        await revisions.TruncateAsync(set, new HashSet<string>(StringComparer.Ordinal) { revision.Name }, cancellation);
        if (MinReady(set) > 0 && Members(set).Select(p => p.UntilAvailable(MinReady(set), Now)).Where(w => w > TimeSpan.Zero).Min() is { } wait)
        {
            EnqueueAfter(key, wait);
        }

        if (failure is not null)
        {
            throw new RetryException(failure.Message, failure);
        }
    }

    private static long MinReady(JsonObject set) => set.At("spec", "minReadySeconds").AsLong() ?? 0;

    /// <summary>The node that a pod is on, or is meant for.</summary>
    private static string? Target(JsonObject pod) => pod.NodeName
        ?? pod.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").Objects()
            .SelectMany(t => t["matchFields"].Objects()).FirstOrDefault(f => f.Text("key") == "metadata.name")?["values"].Items().FirstOrDefault().AsText();

    private List<JsonObject> Members(JsonObject set) => [.. pods.ControlledBy(set.Uid)];

    private bool Runs(JsonObject set, JsonObject node)
    {
        var probe = NewPod(set, node.Name, "");
        return NodeAffinity.Accepts(probe, node) && Taints.Untolerated(probe, node) is null;
    }

    private async Task PlaceAsync(JsonObject set, string hash, CancellationToken cancellation)
    {
        var members = Members(set);
        var missing = new List<string>();
        foreach (var node in nodes.All.OrderBy(n => n.Name, StringComparer.Ordinal).ToList())
        {
            var here = members.Where(p => Target(p) == node.Name).ToList();
            var ended = here.Where(p => p.IsTerminal && !p.IsBeingDeleted).ToList();
            foreach (var pod in ended)
            {
                var (reason, word) = pod.Phase == "Failed" ? ("FailedDaemonPod", "failed") : ("SucceededDaemonPod", "succeeded");
                recorder.Record(set, pod.Phase == "Failed" ? EventType.Warning : EventType.Normal, reason, $"Found {word} daemon pod {pod.Namespace}/{pod.Name} on node {node.Name}, will try to {(word == "failed" ? "kill" : "delete")} it");
                await control.DeleteAsync(pod, set, cancellation);
            }

            var active = here.Where(p => p.IsActive).OrderBy(p => p.Created()).ThenBy(p => p.Name, StringComparer.Ordinal).ToList();
            var runs = Runs(set, node);
            if (runs && active.Count == 0 && !here.Exists(p => p.IsBeingDeleted && !p.IsTerminal))
            {
                missing.Add(node.Name);
            }

            foreach (var spare in runs ? active.Skip(1) : active)
            {
                await control.DeleteAsync(spare, set, cancellation);
            }
        }

        if (await SlowStart.RunAsync(missing.Count, i => control.CreateAsync(NewPod(set, missing[i], hash), set, cancellation)) is ApiException e)
        {
            throw e;
        }
    }

    private async Task UpdatePodsAsync(JsonObject set, string hash, CancellationToken cancellation)
    {
        if (set.At("spec", "updateStrategy", "type").AsText() == "OnDelete")
        {
            return;
        }

        var wanted = nodes.All.Count(n => Runs(set, n));
        var members = Members(set).FindAll(p => p.IsActive);
        var old = members.FindAll(p => p.Label(RevisionLabel) != hash);
        var unavailable = wanted - members.Count(p => p.UntilAvailable(MinReady(set), Now) == TimeSpan.Zero);
        var allowed = Math.Max(1, Rollout.Resolve(set.At("spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), wanted, roundUp: true, "1"));

        // Old pods that serve nobody cost nothing to replace.
        var victims = old.FindAll(p => p.UntilAvailable(MinReady(set), Now) != TimeSpan.Zero);
        victims.AddRange(old.Except(victims).Take((int)Math.Max(0, allowed - unavailable)));
        foreach (var pod in victims)
        {
            await control.DeleteAsync(pod, set, cancellation);
        }
    }

    private JsonObject Status(JsonObject set, string hash)
    {
        long scheduled = 0, misscheduled = 0, desired = 0, ready = 0, available = 0, updated = 0;
        var members = Members(set);
        foreach (var node in nodes.All)
        {
            var pod = members.Where(p => p.IsActive && Target(p) == node.Name).OrderBy(p => p.Created()).FirstOrDefault();
            if (!Runs(set, node))
            {
                misscheduled += pod is null ? 0 : 1;
                continue;
            }

            desired++;
            if (pod is not null)
            {
                scheduled++;
                ready += pod.IsReady ? 1 : 0;
                available += pod.UntilAvailable(MinReady(set), Now) == TimeSpan.Zero ? 1 : 0;
                updated += pod.Label(RevisionLabel) == hash ? 1 : 0;
            }
        }

        var status = new JsonObject
        {
            ["currentNumberScheduled"] = scheduled,
            ["numberMisscheduled"] = misscheduled,
            ["desiredNumberScheduled"] = desired,
            ["numberReady"] = ready,
            ["observedGeneration"] = set.Generation,
        };
        Counts.Put(status, "updatedNumberScheduled", updated);
        Counts.Put(status, "numberAvailable", available);
        Counts.Put(status, "numberUnavailable", desired - available);
        return status;
    }

    private static JsonObject NewPod(JsonObject set, string node, string hash)
    {
        var pod = PodTemplate.NewPod(set.At("spec", "template") as JsonObject ?? [], set);
        var labels = pod.Metadata.Child("labels");
        labels[RevisionLabel] = hash;
        labels[GenerationLabel] = set.Annotation(GenerationAnnotation) ?? set.Generation.ToString(CultureInfo.InvariantCulture);
        var spec = pod.Child("spec");
        var required = spec.Child("affinity").Child("nodeAffinity").Child("requiredDuringSchedulingIgnoredDuringExecution");
        var terms = required.List("nodeSelectorTerms");
        if (terms.Count == 0)
        {
            terms.Add((JsonNode)new JsonObject());
        }

        foreach (var term in terms.Objects())
        {
            term["matchFields"] = new JsonArray(new JsonObject { ["key"] = "metadata.name", ["operator"] = "In", ["values"] = new JsonArray((JsonNode)node) });
        }

        var tolerations = spec.List("tolerations");
        var network = spec["hostNetwork"].AsBool() == true ? new (string, string)[] { ("node.kubernetes.io/network-unavailable", "NoSchedule") } : [];
        foreach (var (key, effect) in Tolerated.Concat(network))
        {
            if (!tolerations.Objects().Any(t => t.Text("key") == key && t.Text("effect") == effect))
            {
                tolerations.Add((JsonNode)new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = effect });
            }
        }

        return pod;
    }
}
