using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Diagnosis;

/// <summary>
/// Finds what keeps a project from working, from a snapshot alone. Causes come before their consequences: a Service whose pods have a finding of
/// their own gets none.
/// </summary>
public static class ProjectDiagnosis
{
    public static IReadOnlyList<Finding> Of(IReadOnlyList<ObjectId> applied, ProjectSnapshot snapshot)
    {
        var findings = new List<Finding>();
        foreach (var id in applied)
        {
            if (snapshot.Find(id) is { } obj)
            {
                findings.AddRange(ProjectReadiness.IsWorkload(id) ? OfWorkload(id, obj, snapshot) : OfOther(id, obj, snapshot));
            }
        }

        if (findings.Exists(f => f.Code is not FindingCode.NoEndpoints))
        {
            findings.RemoveAll(f => f.Code is FindingCode.NoEndpoints);
        }

        return findings;
    }

    private static IEnumerable<Finding> OfWorkload(ObjectId id, JsonObject obj, ProjectSnapshot snapshot)
    {
        if (KStatus.Of(obj).State == ObjectState.Current)
        {
            return [];
        }

        // Every replica fails for the same reason: one finding says it.
        var pods = snapshot.PodsOf(obj).SelectMany(p => PodDiagnosis.Of(id, p, snapshot).Concat(OfUnboundClaims(p, snapshot)))
            .GroupBy(f => (f.Code, f.Subject, f.Container)).Select(g => g.MinBy(f => f.Patience ?? TimeSpan.MaxValue)!).ToList();
        if (obj.Kind == "Job" && KStatus.Of(obj) is { State: ObjectState.Failed } failed)
        {
            var last = pods.LastOrDefault(f => f.WantsLog);
            var pod = snapshot.PodsOf(obj).LastOrDefault();
            return [new(FindingCode.JobFailed, id, [failed.Message, .. last?.Evidence ?? []])
            {
                Pod = last?.Pod ?? pod?.Name,
                Container = last?.Container ?? pod?.At("spec", "containers").Objects().FirstOrDefault()?.Text("name"),
                WantsLog = true,
            }];
        }

        if (pods.Count > 0)
        {
            return pods;
        }

        if (obj.Kind == "Pod" && obj.Status?.Text("phase") == "Failed")
        {
            return [new(FindingCode.CrashLoop, id, [KStatus.Of(obj).Message]) { Pod = obj.Name, WantsLog = true, Patience = FindingCatalog.Hopeless }];
        }

        var refusal = snapshot.EventsOf(obj).Concat(snapshot.NewestReplicaSetOf(obj) is { } set ? snapshot.EventsOf(set) : [])
            .LastOrDefault(e => e.Text("reason") == "FailedCreate")?.Text("message");
        if (refusal is not null)
        {
            return [new(FindingCode.PodsRefused, id, [refusal])];
        }

        return KStatus.Of(obj) is { State: ObjectState.Failed } stalled ? [new(FindingCode.RolloutStalled, id, [stalled.Message])] : [];
    }

    /// <summary>A StatefulSet's claims are not of the project itself, but stop its pods all the same.</summary>
    private static IEnumerable<Finding> OfUnboundClaims(JsonObject pod, ProjectSnapshot snapshot) =>
        from name in pod.At("spec", "volumes").Objects().Select(v => v.At("persistentVolumeClaim", "claimName").AsText())
        where name is not null && pod.Controller?.Text("kind") == "StatefulSet"
        let id = new ObjectId("", "PersistentVolumeClaim", pod.Namespace, name)
        let claim = snapshot.Find(id)
        where claim is not null
        from finding in OfClaim(id, claim, snapshot)
        select finding;

    private static IEnumerable<Finding> OfClaim(ObjectId id, JsonObject claim, ProjectSnapshot snapshot)
    {
        var phase = claim.At("status", "phase").AsText();
        var said = snapshot.EventsOf(claim).LastOrDefault();
        if (phase == "Lost" || (phase == "Pending" && said?.Text("reason") is "ProvisioningFailed" or "FailedBinding" or "VolumeMismatch"))
        {
            yield return new(FindingCode.ClaimPending, id, [said?.Text("message") ?? "its volume is lost"]);
        }
    }

    private static IEnumerable<Finding> OfOther(ObjectId id, JsonObject obj, ProjectSnapshot snapshot)
    {
        if (obj.Kind == "PersistentVolumeClaim")
        {
            foreach (var finding in OfClaim(id, obj, snapshot))
            {
                yield return finding;
            }
        }

        if (obj.Kind == "Service" && ProjectReadiness.WantsEndpoints(obj, snapshot) && snapshot.EndpointsOf(obj).Ready == 0)
        {
            var labels = LabelSelector.FromMap(obj.At("spec", "selector") as JsonObject);
            var selected = snapshot.Pods.Count(p => p.Namespace == obj.Namespace && labels.Matches(p));
            yield return new(FindingCode.NoEndpoints, id,
                [selected == 0 ? $"no pod has the labels {labels}" : $"none of the {selected} pods with the labels {labels} is ready"]);
        }
    }
}
