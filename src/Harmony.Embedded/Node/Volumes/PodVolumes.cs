using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Native;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>The volumes of one pod, in its folder on the node.</summary>
internal sealed class PodVolumes(IClusterClient cluster, NodeOptions options, string podFolder)
{
    private readonly Dictionary<string, string> paths = new(StringComparer.Ordinal);

    /// <summary>When a token in one of the volumes wants to be made anew; null where there is none.</summary>
    public DateTimeOffset? RefreshAt { get; private set; }

    /// <summary>Where the volume is on the host, once it is prepared.</summary>
    public string? PathOf(string volume) => paths.GetValueOrDefault(volume);

    /// <summary>Makes all volumes of the pod, or brings those up to date that are made from objects.</summary>
    /// <exception cref="VolumeException">One of them cannot be made (now).</exception>
    public void Prepare(JsonObject pod)
    {
        RefreshAt = null;
        foreach (var volume in pod.At("spec", "volumes").Objects())
        {
            var name = volume.Text("name") ?? "";
            try
            {
                paths[name] = Prepare(pod, volume, name);
            }
            catch (Exception e) when (e is VolumeException or IOException or UnauthorizedAccessException or FormatException)
            {
                throw new VolumeException($"MountVolume.SetUp failed for volume \"{name}\" : {e.Message}", inner: e);
            }
        }
    }

    /// <summary>Where the pod's <c>/dev/shm</c> is on the host: all its containers have the same, with hostIPC the machine's own.</summary>
    public string SharedMemory(JsonObject pod) => pod.At("spec", "hostIPC").AsBool() == true ? "/dev/shm" : Path.Combine(podFolder, "shm");

    /// <summary>Makes the pod's shared memory, of 64 MiB as containerd's.</summary>
    /// <exception cref="VolumeException">It cannot be made.</exception>
    public void PrepareSharedMemory(JsonObject pod)
    {
        var folder = SharedMemory(pod);
        if (folder == "/dev/shm" || MountTable.Read().Points.Contains(folder))
        {
            return;
        }

        Disk.CreateFolder(folder);
        const nuint noSetUserNoDevicesNoPrograms = 2 | 4 | 8;
        if (Libc.Mount("shm", folder, "tmpfs", noSetUserNoDevicesNoPrograms, "mode=1777,size=65536k") != 0)
        {
            throw new VolumeException($"mounting the pod's shared memory: {Libc.LastError}");
        }
    }

    /// <summary>Removes the volumes: what is mounted in the pod's folder is unmounted, never emptied.</summary>
    public void Remove()
    {
        Mounts.UnmountBeneath(podFolder);
        Disk.DeleteTree(podFolder);
    }

    private string Prepare(JsonObject pod, JsonObject volume, string name)
    {
        var group = pod.At("spec", "securityContext", "fsGroup").AsLong();
        foreach (var (kind, value) in volume)
        {
            if (kind == "name" || value is not JsonObject source)
            {
                continue;
            }

            switch (kind)
            {
                case "emptyDir":
                    return EmptyDirectory(source, Folder("empty-dir", name), group);
                case "hostPath":
                    return HostPath.Check(source.Text("path") ?? "", source.Text("type") ?? "");
                case "persistentVolumeClaim":
                    return Claim(pod, source.Text("claimName") ?? "", group);
                case "ephemeral":
                    return Claim(pod, $"{pod.Name}-{name}", group);
                case "configMap" or "secret" or "projected" or "downwardAPI":
                    return FromObjects(pod, kind, source, Folder(kind.ToLowerInvariant(), name), group);
                default:
                    throw new VolumeException($"volumes of type {kind} are not supported by the embedded runtime", "Use emptyDir, hostPath or a PersistentVolumeClaim.");
            }
        }

        return EmptyDirectory([], Folder("empty-dir", name), group);
    }

    private string Folder(string kind, string name) => Path.Combine(podFolder, "volumes", "kubernetes.io~" + kind, name);

    private static string EmptyDirectory(JsonObject source, string folder, long? group)
    {
        var isNew = !Disk.FolderExists(folder);
        if (isNew)
        {
            Disk.CreateFolder(folder);
            _ = Libc.ChangeMode(folder, 0x1FF);
        }

        if (source.Text("medium") == "Memory" && !MountTable.Read().Points.Contains(folder))
        {
            var size = source["sizeLimit"].AsQuantity()?.Value is > 0 and var limit
                ? string.Create(CultureInfo.InvariantCulture, $"mode=1777,size={limit}")
                : "mode=1777";
            if (Libc.Mount("tmpfs", folder, "tmpfs", 0, size) != 0)
            {
                throw new VolumeException($"mounting a tmpfs: {Libc.LastError}");
            }
        }

        if (isNew && group is { } id)
        {
            Own(folder, id);
        }

        return folder;
    }

    private string FromObjects(JsonObject pod, string kind, JsonObject source, string folder, long? group)
    {
        var files = new VolumeFiles(cluster, options, pod);
        var mode = source["defaultMode"].AsInt() ?? 0x1A4;
        switch (kind)
        {
            case "configMap":
                files.AddConfigMap(source, mode);
                break;
            case "secret":
                files.AddSecret(source, mode, "secretName");
                break;
            case "downwardAPI":
                files.AddDownwardApi(source, mode);
                break;
            default:
                files.AddProjected(source);
                break;
        }

        AtomicFolder.Write(folder, files.Files, group, options.Time);
        if (files.RefreshAt is { } at && (RefreshAt is not { } earlier || at < earlier))
        {
            RefreshAt = at;
        }

        return folder;
    }

    private string Claim(JsonObject pod, string name, long? group)
    {
        var claim = cluster.Get(BuiltInResources.PersistentVolumeClaims, pod.Namespace, name)
            ?? throw new VolumeException($"persistentvolumeclaim \"{name}\" not found");
        if (claim.At("status", "phase").AsText() != "Bound" || claim.At("spec", "volumeName").AsText() is not { Length: > 0 } volumeName)
        {
            throw new VolumeException($"PVC {pod.Namespace}/{name} is not bound");
        }

        var volume = cluster.Get(BuiltInResources.PersistentVolumes, null, volumeName) ?? throw new VolumeException($"persistentvolume \"{volumeName}\" not found");
        var path = volume.At("spec", "hostPath", "path").AsText() is { } host ? HostPath.Check(host, volume.At("spec", "hostPath", "type").AsText() ?? "DirectoryOrCreate")
            : volume.At("spec", "local", "path").AsText() is { } local ? HostPath.Check(local, "Directory")
            : throw new VolumeException($"persistentvolume \"{volumeName}\" is neither a hostPath nor a local volume", "The embedded runtime has folders of this machine only.");
        if (group is { } id)
        {
            Own(path, id);
        }

        return path;
    }

    // As fsGroupChangePolicy OnRootMismatch: a folder that belongs to the group already is not walked again.
    private static void Own(string folder, long group)
    {
        if (Disk.GroupOf(folder) == group)
        {
            return;
        }

        foreach (var entry in Disk.Entries(folder).Where(e => !e.IsLink))
        {
            if (entry.IsFolder)
            {
                Own(entry.Path, group);
            }
            else
            {
                _ = Libc.ChangeOwner(entry.Path, -1, (int)group);
                Disk.AddMode(entry.Path, UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            }
        }

        // The folder last: it is the mark that all below it is done. Changing the owner takes the setgid bit away, so that comes after.
        _ = Libc.ChangeOwner(folder, -1, (int)group);
        Disk.AddMode(folder, UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.SetGroup);
    }
}
