using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>A claim that names no storage class gets the default one.</summary>
internal sealed class PersistentVolumeClaimStrategy : Strategy
{
    private const string DefaultAnnotation = "storageclass.kubernetes.io/is-default-class";

    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        if (obj.At("spec", "storageClassName") is null && obj.Annotation("volume.beta.kubernetes.io/storage-class") is null
            && cluster.List(BuiltInResources.StorageClasses).Where(c => c.Text("metadata", "annotations", DefaultAnnotation) == "true")
                .MaxBy(c => c.Text("metadata", "creationTimestamp"), StringComparer.Ordinal) is { } found)
        {
            obj.Child("spec")["storageClassName"] = found.Key.Name;
        }

        LimitRanges.AdmitClaim(obj, cluster);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A new volume is pending since now.</summary>
internal sealed class PersistentVolumeStrategy : Strategy
{
    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["lastPhaseTransitionTime"] = cluster.Time.Stamp() };
        return ValueTask.CompletedTask;
    }

    public override void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
        if (subresource == "status" && obj.At("status", "phase").AsText() != old.At("status", "phase").AsText())
        {
            obj.Child("status")["lastPhaseTransitionTime"] = cluster.Time.Stamp();
        }
    }
}
