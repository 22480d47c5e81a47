using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Scheduling;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Volumes;

/// <summary>
/// Binds claims to volumes, makes volumes of local folders for the classes that ask for it, reclaims what claims have left, and guards what is in use.
/// </summary>
internal sealed partial class VolumeController : Reconciler
{
    /// <summary>The provisioner that the class <c>local</c> names.</summary>
    public const string Provisioner = "harmony.dev/local";
    private const string ClaimProtection = "kubernetes.io/pvc-protection";
    private const string VolumeProtection = "kubernetes.io/pv-protection";
    private const string BindCompleted = "pv.kubernetes.io/bind-completed";
    private const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    private const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";

    /// <summary>What small clusters on one machine call the same thing.</summary>
    private static readonly HashSet<string> LocalProvisioners = new(StringComparer.Ordinal)
    {
        Provisioner, "rancher.io/local-path", "k8s.io/minikube-hostpath", "docker.io/hostpath", "microk8s.io/hostpath",
    };

    private readonly string folder;
    private readonly ObjectCache claims;
    private readonly ObjectCache volumes;
    private readonly ObjectCache classes;
    private readonly ObjectCache pods;
    private readonly EventRecorder recorder;

    /// <param name="folder">Where volumes are made.</param>
    public VolumeController(ControllerContext context, string folder)
        : base("persistentvolume-controller", context)
    {
        this.folder = Path.GetFullPath(folder);
        recorder = context.Recorder(Name);
        claims = Watched(BuiltInResources.PersistentVolumeClaims);
        volumes = Watched(BuiltInResources.PersistentVolumes);
        classes = Cluster.Of(BuiltInResources.StorageClasses);
        pods = Cluster.Of(BuiltInResources.Pods);
        claims.Changed += (_, claim) =>
        {
            foreach (var volume in volumes.All.Where(v => v.At("spec", "claimRef") is JsonObject))
            {
                // A claim that is gone leaves its volume to be reclaimed.
                if (claim is null)
                {
                    Enqueue(volume);
                }
            }
        };
        volumes.Changed += (_, _) => Look(IsUnbound);
        classes.Changed += (_, _) => Look(IsUnbound);
        pods.Changed += (old, pod) =>
        {
            if (old is not null && (pod is null || pod.IsTerminal))
            {
                foreach (var name in PodRequests.Claims(old))
                {
                    Enqueue(new NamespacedName(old.Namespace ?? "", name));
                }
            }
        };
    }

    protected override Task ReconcileAsync(NamespacedName key, CancellationToken cancellation) =>
        key.Namespace.Length > 0
            ? claims.Get(key) is { } claim ? SyncClaimAsync(claim, cancellation) : Task.CompletedTask
            : volumes.Get(key) is { } volume ? SyncVolumeAsync(volume, cancellation) : Task.CompletedTask;

    private static bool IsUnbound(JsonObject claim) => claim.At("status", "phase").AsText() != "Bound";

    private void Look(Func<JsonObject, bool> which)
    {
        foreach (var claim in claims.All.Where(which))
        {
            Enqueue(claim);
        }
    }

    private async Task SyncClaimAsync(JsonObject claim, CancellationToken cancellation)
    {
        if (claim.IsBeingDeleted)
        {
            if (!IsInUse(claim))
            {
                await Cluster.ChangeAsync(BuiltInResources.PersistentVolumeClaims, claim, c => Finalizers.Remove(c, ClaimProtection), cancellation);
            }

            return;
        }

        if (!Finalizers.Has(claim, ClaimProtection))
        {
            claim = await Cluster.ChangeAsync(BuiltInResources.PersistentVolumeClaims, claim, c => Finalizers.Add(c, ClaimProtection), cancellation) ?? claim;
        }

        if (claim.Annotation(BindCompleted) is not null)
        {
            await KeepBoundAsync(claim, cancellation);
        }
        else if (await FindVolumeAsync(claim, cancellation) is { } volume)
        {
            await BindAsync(claim, volume, cancellation);
        }
        else
        {
            await SetClaimStatusAsync(claim, new JsonObject { ["phase"] = "Pending" }, cancellation);
        }
    }

    private bool IsInUse(JsonObject claim) =>
        pods.InNamespace(claim.Namespace ?? "").Any(p => !p.IsTerminal && p.NodeName is not null && PodRequests.Claims(p).Contains(claim.Name, StringComparer.Ordinal));

    private async Task KeepBoundAsync(JsonObject claim, CancellationToken cancellation)
    {
        var volume = volumes.Get(null, claim.At("spec", "volumeName").AsText() ?? "");
        if (volume is null || volume.At("spec", "claimRef") is not JsonObject reference || !VolumeMatch.IsFor(reference, claim))
        {
            if (claim.At("status", "phase").AsText() != "Lost")
            {
                await SetClaimStatusAsync(claim, new JsonObject { ["phase"] = "Lost" }, cancellation);
                recorder.Record(claim, EventType.Warning, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
            }

            return;
        }

        await SetClaimStatusAsync(claim, BoundStatus(volume), cancellation);
    }

    private static JsonObject BoundStatus(JsonObject volume) => new()
    {
        ["phase"] = "Bound",
        ["accessModes"] = volume.At("spec", "accessModes")?.DeepClone(),
        ["capacity"] = volume.At("spec", "capacity")?.DeepClone(),
    };

    private Task SetClaimStatusAsync(JsonObject claim, JsonObject status, CancellationToken cancellation) =>
        Cluster.ChangeAsync(
            BuiltInResources.PersistentVolumeClaims,
            claim,
            current =>
            {
                if (JsonNode.DeepEquals(current["status"], status))
                {
                    return false;
                }

                current["status"] = status.DeepClone();
                return true;
            },
            cancellation,
            "status");

    /// <summary>The volume to bind to: one that is there and fits best, or a new one; null while there is none.</summary>
    private async Task<JsonObject?> FindVolumeAsync(JsonObject claim, CancellationToken cancellation)
    {
        var reserved = volumes.All.FirstOrDefault(v => v.At("spec", "claimRef") is JsonObject && VolumeMatch.Fits(v, claim));
        if (reserved is not null || claim.At("spec", "volumeName").AsText() is { Length: > 0 })
        {
            return reserved ?? volumes.All.FirstOrDefault(v => VolumeMatch.Fits(v, claim));
        }

        var className = claim.At("spec", "storageClassName").AsText() ?? "";
        var storageClass = className.Length == 0 ? null : classes.Get(null, className);
        if (storageClass?.Text("volumeBindingMode") == "WaitForFirstConsumer" && claim.Annotation(VolumeFit.SelectedNode) is null)
        {
            recorder.Record(claim, EventType.Normal, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return null;
        }

        var free = volumes.All.Where(v => VolumeMatch.Fits(v, claim)).OrderBy(VolumeMatch.Capacity).ThenBy(v => v.Name, StringComparer.Ordinal).FirstOrDefault();
        if (free is not null)
        {
            return free;
        }

        switch (storageClass?.Text("provisioner"))
        {
            case null when className.Length == 0:
                recorder.Record(claim, EventType.Normal, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
                return null;
            case null:
                recorder.Record(claim, EventType.Warning, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{className}\" not found");
                return null;
            case { } local when LocalProvisioners.Contains(local):
                return await ProvisionAsync(claim, storageClass!, local, cancellation);
            case { } internalOne when internalOne.StartsWith("kubernetes.io/", StringComparison.Ordinal):
                recorder.Record(claim, EventType.Warning, "ProvisioningFailed", $"no volume plugin matched name: {internalOne}");
                return null;
            case { } other:
                recorder.Record(claim, EventType.Normal, "ExternalProvisioning", $"Waiting for a volume to be created either by the external provisioner '{other}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
                return null;
        }
    }

    private async Task BindAsync(JsonObject claim, JsonObject volume, CancellationToken cancellation)
    {
        var bound = await Cluster.ChangeAsync(BuiltInResources.PersistentVolumes, volume, current => Reserve(current, claim), cancellation);
        if (bound?.At("spec", "claimRef", "uid").AsText() != claim.Uid)
        {
            throw new RetryException($"The volume {volume.Name} has just been taken.");
        }

        await SetPhaseAsync(bound, "Bound", cancellation);
        var changed = await Cluster.ChangeAsync(
            BuiltInResources.PersistentVolumeClaims,
            claim,
            current =>
            {
                var annotations = current.Metadata.Child("annotations");
                if (current.At("spec", "volumeName").AsText() is null)
                {
                    annotations[BoundByController] = "yes";
                }

                annotations[BindCompleted] = "yes";
                current.Child("spec")["volumeName"] = volume.Name;
                return true;
            },
            cancellation);
        if (changed is not null)
        {
            await SetClaimStatusAsync(changed, BoundStatus(bound), cancellation);
        }
    }

    private static bool Reserve(JsonObject volume, JsonObject claim)
    {
        var reference = volume.At("spec", "claimRef") as JsonObject;
        if (reference is not null && (!VolumeMatch.IsFor(reference, claim) || reference.Text("uid") == claim.Uid))
        {
            return false;
        }

        if (reference is null)
        {
            volume.Metadata.Child("annotations")[BoundByController] = "yes";
        }

        volume.Child("spec")["claimRef"] = ReferenceTo(claim);
        return true;
    }

    private static JsonObject ReferenceTo(JsonObject claim) => new()
    {
        ["kind"] = "PersistentVolumeClaim",
        ["namespace"] = claim.Namespace,
        ["name"] = claim.Name,
        ["uid"] = claim.Uid,
        ["apiVersion"] = "v1",
        ["resourceVersion"] = claim.ResourceVersion,
    };
}
