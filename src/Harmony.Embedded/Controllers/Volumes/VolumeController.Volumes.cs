using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Controllers.Volumes;

/// <summary>The volumes' side: made from folders, kept while they are bound, reclaimed after.</summary>
internal sealed partial class VolumeController
{
    /// <summary>Whoever runs in the container may write: the image alone knows its user.</summary>
    private const UnixFileMode Open = (UnixFileMode)0b111_111_111;

    private async Task<JsonObject> ProvisionAsync(JsonObject claim, JsonObject storageClass, string provisioner, CancellationToken cancellation)
    {
        var name = $"pvc-{claim.Uid}";
        var path = Path.Combine(folder, $"{claim.Namespace}_{claim.Name}_{claim.Uid}");
        try
        {
            Disk.CreateFolder(folder);
            Disk.CreateFolder(path);
            Disk.SetMode(path, Open);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            recorder.Record(claim, EventType.Warning, "ProvisioningFailed", $"failed to provision volume with StorageClass \"{storageClass.Name}\": {e.Message}");
            throw new RetryException(e.Message, e);
        }

        var volume = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolume",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { [ProvisionedBy] = provisioner },
                ["finalizers"] = new JsonArray((JsonNode)VolumeProtection),
            },
            ["spec"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["storage"] = claim.At("spec", "resources", "requests", "storage")?.DeepClone() },
                ["accessModes"] = claim.At("spec", "accessModes")?.DeepClone(),
                ["claimRef"] = ReferenceTo(claim),
                ["persistentVolumeReclaimPolicy"] = storageClass.Text("reclaimPolicy") ?? "Delete",
                ["storageClassName"] = storageClass.Name,
                ["volumeMode"] = "Filesystem",
                ["hostPath"] = new JsonObject { ["path"] = path, ["type"] = "DirectoryOrCreate" },
            },
        };
        JsonObject created;
        try
        {
            created = await Cluster.CreateAsync(BuiltInResources.PersistentVolumes, volume, cancellation);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Made before a kill, and not yet bound.
            created = Cluster.GetLive(BuiltInResources.PersistentVolumes, null, name) ?? throw new RetryException("The volume has just vanished.", e);
        }

        recorder.Record(claim, EventType.Normal, "ProvisioningSucceeded", $"Successfully provisioned volume {name} using {provisioner}");
        return created;
    }

    private async Task SyncVolumeAsync(JsonObject volume, CancellationToken cancellation)
    {
        var reference = volume.At("spec", "claimRef") as JsonObject;
        var claim = reference is null ? null
            : Cluster.GetLive(BuiltInResources.PersistentVolumeClaims, reference.Text("namespace"), reference.Text("name") ?? "");
        var isHeld = reference?.Text("uid") is { Length: > 0 } uid && claim?.Uid == uid;
        if (volume.IsBeingDeleted)
        {
            if (!isHeld)
            {
                await Cluster.ChangeAsync(BuiltInResources.PersistentVolumes, volume, v => Finalizers.Remove(v, VolumeProtection), cancellation);
            }

            return;
        }

        if (!Finalizers.Has(volume, VolumeProtection))
        {
            volume = await Cluster.ChangeAsync(BuiltInResources.PersistentVolumes, volume, v => Finalizers.Add(v, VolumeProtection), cancellation) ?? volume;
        }

        if (reference?.Text("uid") is not { Length: > 0 })
        {
            await SetPhaseAsync(volume, "Available", cancellation);
        }
        else if (isHeld)
        {
            if (claim!.At("spec", "volumeName").AsText() == volume.Name)
            {
                await SetPhaseAsync(volume, "Bound", cancellation);
            }
        }
        else
        {
            await ReclaimAsync(volume, cancellation);
        }
    }

    private async Task ReclaimAsync(JsonObject volume, CancellationToken cancellation)
    {
        if (volume.At("status", "phase").AsText() != "Failed")
        {
            await SetPhaseAsync(volume, "Released", cancellation);
        }

        if (volume.At("spec", "persistentVolumeReclaimPolicy").AsText() != "Delete")
        {
            return;
        }

        if (OwnFolder(volume) is not { } path)
        {
            if (volume.At("status", "phase").AsText() != "Failed")
            {
                var message = $"error getting deleter volume plugin for volume \"{volume.Name}\": no deletable volume plugin matched";
                recorder.Record(volume, EventType.Warning, "VolumeFailedDelete", message);
                await SetPhaseAsync(volume, "Failed", cancellation, message);
            }

            return;
        }

        try
        {
            await Task.Run(() => Disk.DeleteTree(path), cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            recorder.Record(volume, EventType.Warning, "VolumeFailedDelete", e.Message);
            await SetPhaseAsync(volume, "Failed", cancellation, e.Message);
            throw new RetryException(e.Message, e);
        }

        await Cluster.DeleteAsync(BuiltInResources.PersistentVolumes, volume, cancellation);
    }

    /// <summary>The volume's folder when it is one that was made here; null for everything else, which is never deleted.</summary>
    private string? OwnFolder(JsonObject volume)
    {
        if (volume.Annotation(ProvisionedBy) is not { } by || !LocalProvisioners.Contains(by) || volume.At("spec", "hostPath", "path").AsText() is not { } path)
        {
            return null;
        }

        var full = Path.GetFullPath(path);
        return Path.GetDirectoryName(full) == folder ? full : null;
    }

    private async Task SetPhaseAsync(JsonObject volume, string phase, CancellationToken cancellation, string? message = null) => await Cluster.ChangeAsync(
        BuiltInResources.PersistentVolumes,
        volume,
        current =>
        {
            if (current.At("status", "phase").AsText() == phase)
            {
                return false;
            }

            var status = new JsonObject { ["phase"] = phase, ["lastPhaseTransitionTime"] = Context.Time.Stamp() };
            if (message is not null)
            {
                status["message"] = message;
            }

            current["status"] = status;
            return true;
        },
        cancellation,
        "status");
}
