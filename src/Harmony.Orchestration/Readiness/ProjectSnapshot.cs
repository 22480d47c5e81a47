using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>The objects of a project's namespaces as last seen.</summary>
public sealed class ProjectSnapshot
{
    private readonly Dictionary<ObjectId, JsonObject> objects;

    public ProjectSnapshot()
        : this([])
    {
    }

    private ProjectSnapshot(Dictionary<ObjectId, JsonObject> objects) => this.objects = objects;

    public static ProjectSnapshot Of(IEnumerable<JsonObject> objects)
    {
        var snapshot = new ProjectSnapshot();
        foreach (var obj in objects)
        {
            snapshot.objects[ObjectId.Of(obj)] = obj;
        }

        return snapshot;
    }

    public IEnumerable<JsonObject> Pods => OfKind("", "Pod");

    public IEnumerable<JsonObject> Services => OfKind("", "Service");

    public IEnumerable<JsonObject> Claims => OfKind("", "PersistentVolumeClaim");

    public IEnumerable<JsonObject> Events => OfKind("", "Event");

    public JsonObject? Find(ObjectId id) => objects.GetValueOrDefault(id);

    public IEnumerable<JsonObject> OfKind(string group, string kind) => objects.Where(o => o.Key.Kind == kind && o.Key.Group == group).Select(o => o.Value);

    /// <summary>The addresses behind a Service, and whether any is ready.</summary>
    public (int Total, int Ready) EndpointsOf(JsonObject service)
    {
        var (total, ready) = (0, 0);
        foreach (var slice in OfKind("discovery.k8s.io", "EndpointSlice"))
        {
            // A slice without ports leads nowhere: the Service names a target port that no pod has.
            var leads = slice["ports"].Items().Any() || !service.At("spec", "ports").Items().Any();
            if (leads && slice.Namespace == service.Namespace && slice.Label("kubernetes.io/service-name") == service.Name)
            {
                foreach (var endpoint in slice["endpoints"].Objects())
                {
                    total++;
                    ready += endpoint.At("conditions", "ready").AsBool() ?? true ? 1 : 0;
                }
            }
        }

        return (total, ready);
    }

    /// <summary>
    /// The pods of a workload: of a Deployment those of its newest ReplicaSet, of all others those that they control.
    /// </summary>
    public IEnumerable<JsonObject> PodsOf(JsonObject workload)
    {
        if (workload.Kind == "Pod")
        {
            return [workload];
        }

        var uids = new HashSet<string>(StringComparer.Ordinal) { workload.Uid };
        if (workload.Kind == "Deployment" && NewestReplicaSetOf(workload) is { } newest)
        {
            uids = [newest.Uid];
        }
        else if (workload.Kind == "CronJob")
        {
            uids.UnionWith(OfKind("batch", "Job").Where(j => j.Controller?.Text("uid") == workload.Uid).Select(j => j.Uid));
        }

        return Pods.Where(p => p.Controller?.Text("uid") is { } owner && uids.Contains(owner)).OrderBy(p => p.Name, StringComparer.Ordinal);
    }

    public JsonObject? NewestReplicaSetOf(JsonObject deployment) => OfKind("apps", "ReplicaSet")
        .Where(r => r.Controller?.Text("uid") == deployment.Uid)
        .MaxBy(r => long.TryParse(r.Annotation("deployment.kubernetes.io/revision"), out var revision) ? revision : 0);

    /// <summary>What the cluster has said about an object, oldest first.</summary>
    public IEnumerable<JsonObject> EventsOf(JsonObject obj) => Events
        .Where(e => e.At("involvedObject", "uid").AsText() == obj.Uid)
        .OrderBy(e => e.Text("lastTimestamp") ?? e.Text("eventTime") ?? e.At("metadata", "creationTimestamp").AsText(), StringComparer.Ordinal);

    internal ProjectSnapshot Copy() => new(new Dictionary<ObjectId, JsonObject>(objects));

    internal void Take(GroupVersionKind kind, KubernetesEvent change)
    {
        if (change.Type == KubernetesEventType.Synced)
        {
            return;
        }

        var id = new ObjectId(kind.Group, kind.Kind, change.Object.Namespace, change.Object.Name);
        if (change.Type == KubernetesEventType.Deleted)
        {
            objects.Remove(id);
            return;
        }

        // Items of a list come without apiVersion and kind.
        change.Object["apiVersion"] ??= kind.ApiVersion;
        change.Object["kind"] ??= kind.Kind;
        objects[id] = change.Object;
    }
}
