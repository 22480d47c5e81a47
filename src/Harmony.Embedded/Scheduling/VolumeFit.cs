using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Whether a pod's claims are bound, can be bound where it is to run, and let it run there.</summary>
internal sealed class VolumeFit
{
    /// <summary>Asks the volume controller to bind a claim whose class waits for its first consumer.</summary>
    public const string SelectedNode = "volume.kubernetes.io/selected-node";

    private readonly ClusterView cluster;
    private readonly ControllerContext context;
    private readonly ObjectCache claims;
    private readonly ObjectCache volumes;
    private readonly ObjectCache classes;

    public VolumeFit(ClusterView cluster, ControllerContext context, Action changed)
    {
        (this.cluster, this.context) = (cluster, context);
        claims = cluster.Of(BuiltInResources.PersistentVolumeClaims);
        volumes = cluster.Of(BuiltInResources.PersistentVolumes);
        classes = cluster.Of(BuiltInResources.StorageClasses);
        claims.Changed += (_, _) => changed();
        volumes.Changed += (_, _) => changed();
        classes.Changed += (_, _) => changed();
    }

    /// <summary>What is wrong with the claims on any node; null where nothing is.</summary>
    public string? Problem(JsonObject pod)
    {
        foreach (var name in PodRequests.Claims(pod))
        {
            if (claims.Get(pod.Namespace, name) is not { } claim)
            {
                return $"persistentvolumeclaim \"{name}\" not found";
            }

            if (claim.IsBeingDeleted)
            {
                return $"persistentvolumeclaim \"{name}\" is being deleted";
            }

            if (claim.At("status", "phase").AsText() == "Lost")
            {
                return $"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.At("spec", "volumeName").AsText()}\"";
            }

            if (!IsBound(claim) && !Waits(claim))
            {
                return "pod has unbound immediate PersistentVolumeClaims";
            }
        }

        return null;
    }

    /// <summary>What keeps the pod from this node; null where nothing does.</summary>
    public string? Objection(JsonObject pod, JsonObject node)
    {
        foreach (var name in PodRequests.Claims(pod))
        {
            if (claims.Get(pod.Namespace, name) is not { } claim)
            {
                continue;
            }

            if (IsBound(claim))
            {
                if (volumes.Get(null, claim.At("spec", "volumeName").AsText() ?? "")?.At("spec", "nodeAffinity", "required") is JsonObject required
                    && !NodeAffinity.Matches(required, node))
                {
                    return "node(s) didn't match PersistentVolume's node affinity";
                }
            }
            else if (Class(claim)?.Text("provisioner") is null or "kubernetes.io/no-provisioner"
                && !volumes.All.Any(v => VolumeMatch.Fits(v, claim)
                    && (v.At("spec", "nodeAffinity", "required") is not JsonObject r || NodeAffinity.Matches(r, node))))
            {
                return "node(s) didn't find available persistent volumes to bind";
            }
        }

        return null;
    }

    /// <summary>True when all claims are bound; otherwise asks for them to be bound for this node, and the pod waits.</summary>
    public async Task<bool> IsPreparedAsync(JsonObject pod, JsonObject node, CancellationToken cancellation)
    {
        var prepared = true;
        foreach (var name in PodRequests.Claims(pod))
        {
            if (claims.Get(pod.Namespace, name) is { } claim && !IsBound(claim))
            {
                prepared = false;
                await cluster.ChangeAsync(
                    BuiltInResources.PersistentVolumeClaims,
                    claim,
                    current =>
                    {
                        if (current.Annotation(SelectedNode) == node.Name)
                        {
                            return false;
                        }

                        current.Metadata.Child("annotations")[SelectedNode] = node.Name;
                        return true;
                    },
                    cancellation);
            }
        }

        context.Stopping.ThrowIfCancellationRequested();
        return prepared;
    }

    private static bool IsBound(JsonObject claim) => claim.At("status", "phase").AsText() == "Bound" && claim.At("spec", "volumeName").AsText() is not null;

    private bool Waits(JsonObject claim) => Class(claim)?.Text("volumeBindingMode") == "WaitForFirstConsumer";

    private JsonObject? Class(JsonObject claim) => claim.At("spec", "storageClassName").AsText() is { Length: > 0 } name ? classes.Get(null, name) : null;
}
