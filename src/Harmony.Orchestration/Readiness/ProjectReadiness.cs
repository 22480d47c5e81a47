using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>
/// Judges a whole project: every applied object is current by <see cref="KStatus"/>, every pod of the current revision is ready, and every Service
/// that selects pods has endpoints.
/// </summary>
public sealed class ProjectReadiness(IReadOnlyList<ObjectId> applied)
{
    private static readonly HashSet<string> WorkloadKinds = new(StringComparer.Ordinal) { "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod" };

    public static bool IsWorkload(ObjectId id) => WorkloadKinds.Contains(id.Kind) && id.Group is "" or "apps" or "batch";

    public ReadinessReport Judge(ProjectSnapshot snapshot)
    {
        var workloads = new List<WorkloadProgress>();
        var waiting = new List<Unready>();
        foreach (var id in applied)
        {
            var obj = snapshot.Find(id);
            if (IsWorkload(id))
            {
                var progress = obj is null ? new(id, WorkloadStage.Waiting, 0, 1, 0, "is not there yet") : Progress(id, obj, snapshot);
                workloads.Add(progress);
                if (!progress.IsDone)
                {
                    waiting.Add(new(id, progress.Detail));
                }
            }
            else if (obj is not null && KStatus.Of(obj) is { State: not ObjectState.Current } status && !WaitsForNobody(obj, snapshot))
            {
                waiting.Add(new(id, status.Message));
            }
            else if (obj is { Kind: "Service" } && WantsEndpoints(obj, snapshot) && snapshot.EndpointsOf(obj).Ready == 0)
            {
                waiting.Add(new(id, "has no ready endpoints"));
            }
        }

        return new(workloads, waiting);
    }

    /// <summary>A claim that no pod uses may stay unbound for ever, and rightly so.</summary>
    private static bool WaitsForNobody(JsonObject obj, ProjectSnapshot snapshot) =>
        obj.Kind == "PersistentVolumeClaim"
        && !snapshot.Pods.Any(p => p.Namespace == obj.Namespace && p.At("spec", "volumes").Objects().Any(v => v.At("persistentVolumeClaim", "claimName").AsText() == obj.Name));

    /// <summary>
    /// Whether a Service ought to have endpoints. One whose pods all belong to something that is meant to have none (scaled to zero, completed) ought not.
    /// </summary>
    internal static bool WantsEndpoints(JsonObject service, ProjectSnapshot snapshot)
    {
        if (service.At("spec", "selector") is not JsonObject { Count: > 0 } selector || service.At("spec", "type").AsText() == "ExternalName")
        {
            return false;
        }

        var labels = LabelSelector.FromMap(selector);
        var pods = snapshot.Pods.Where(p => p.Namespace == service.Namespace && labels.Matches(p)).ToList();
        return pods.Count == 0
            ? !snapshot.OfKind("apps", "Deployment").Concat(snapshot.OfKind("apps", "StatefulSet"))
                .Any(w => w.Spec?["replicas"].AsInt() == 0 && labels.Matches(w.At("spec", "template", "metadata", "labels").AsTextMap()))
            : pods.Any(p => p.Status?.Text("phase") is not ("Succeeded" or "Failed"));
    }

    private static WorkloadProgress Progress(ObjectId id, JsonObject obj, ProjectSnapshot snapshot)
    {
        var status = KStatus.Of(obj);
        var pods = snapshot.PodsOf(obj).Where(p => !p.IsBeingDeleted).ToList();
        var restarts = pods.Sum(p => PodState.Restarts(p));
        var wanted = obj.Kind switch
        {
            "DaemonSet" => obj.Status?["desiredNumberScheduled"].AsInt() ?? 1,
            "Job" => obj.Spec?["completions"].AsInt() ?? 1,
            "Pod" or "CronJob" => 1,
            _ => obj.Spec?["replicas"].AsInt() ?? 1,
        };
        var images = pods.SelectMany(PodState.Images).Distinct(StringComparer.Ordinal).ToList();
        if (obj.Kind is "Job" or "Pod" && status.State == ObjectState.Current)
        {
            return new(id, status.Message == "ready" ? WorkloadStage.Ready : WorkloadStage.Completed, wanted, wanted, restarts, status.Message) { Images = images };
        }

        if (obj.Kind == "CronJob")
        {
            return new(id, WorkloadStage.Ready, 1, 1, restarts, $"runs at {obj.At("spec", "schedule").AsText()}") { Images = images };
        }

        var ready = pods.Count(p => PodState.IsReady(p) || (obj.Kind == "Job" && p.Status?.Text("phase") == "Succeeded"));
        if (status.State == ObjectState.Failed)
        {
            return new(id, WorkloadStage.Failing, ready, wanted, restarts, status.Message) { Images = images };
        }

        var worst = pods.Where(p => !PodState.IsReady(p)).Select(PodState.Describe).OrderByDescending(d => d.Stage == WorkloadStage.Failing).ThenBy(d => d.Stage).FirstOrDefault();
        if (status.State == ObjectState.Current && (obj.Kind == "Job" || pods.Count(PodState.IsReady) >= wanted))
        {
            return new(id, WorkloadStage.Ready, ready, wanted, restarts, status.Message) { Images = images };
        }

        var stage = worst.Detail is null ? WorkloadStage.Waiting : worst.Stage;
        return new(id, stage, obj.Kind == "Job" ? obj.Status?["succeeded"].AsInt() ?? 0 : ready, wanted, restarts, worst.Detail ?? status.Message) { Images = images };
    }
}

/// <summary>The verdict on a project.</summary>
/// <param name="Workloads">Every workload, in the order of the project.</param>
/// <param name="Waiting">What is still missing; empty when the project works.</param>
public sealed record ReadinessReport(IReadOnlyList<WorkloadProgress> Workloads, IReadOnlyList<Unready> Waiting)
{
    public bool IsReady => Waiting.Count == 0;
}

/// <summary>An object that is not yet as it should be, and why in a few words.</summary>
public sealed record Unready(ObjectId Object, string Why);
