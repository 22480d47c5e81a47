using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Wasm;

/// <summary>
/// The folders that a program may see. WASI gives folders, never single files: a single file that is mounted (a <c>subPath</c> of a ConfigMap) is
/// copied into a folder of the container's own, which stands where the file's folder would be. Such mounts show no later changes in Kubernetes
/// either; but what a program would write into a copy would be lost, so only what it cannot write is copied.
/// </summary>
internal static class GuestFolders
{
    private const int LargestFile = 64 * 1024 * 1024;

    /// <summary>The volumes made from objects, which no container can write to.</summary>
    private static readonly string[] ReadOnlyVolumes = ["kubernetes.io~configmap", "kubernetes.io~secret", "kubernetes.io~projected", "kubernetes.io~downwardapi"];

    /// <exception cref="ContainerException">A single file cannot be shown to the program.</exception>
    public static IReadOnlyList<Preopen> Of(ContainerSpec spec)
    {
        List<Preopen> folders = [.. spec.Mounts.Where(m => m.MemoryBytes is null && Disk.FolderExists(m.HostPath)).Select(m => new Preopen(m.HostPath, m.ContainerPath, m.ReadOnly))];
        foreach (var beside in spec.Mounts.Where(m => m.MemoryBytes is null && Disk.FileExists(m.HostPath)).GroupBy(m => FolderOf(m.ContainerPath), StringComparer.Ordinal).ToList())
        {
            if (folders.Exists(f => Trim(f.GuestPath) == beside.Key))
            {
                throw Refused(beside.First(), $"another volume is mounted at {beside.Key}");
            }

            var folder = Path.Combine(spec.Folder, "files", folders.Count.ToString(CultureInfo.InvariantCulture));
            Disk.CreateFolder(folder);
            foreach (var mount in beside)
            {
                Copy(mount, Path.Combine(folder, Path.GetFileName(Trim(mount.ContainerPath))));
            }

            folders.Add(new(folder, beside.Key, ReadOnly: true));
        }

        var root = Path.Combine(spec.Folder, "rootfs");
        if (Disk.FolderExists(root) && folders.TrueForAll(f => f.GuestPath != "/"))
        {
            folders.Add(new(root, "/", spec.Container["securityContext"]?["readOnlyRootFilesystem"] is JsonValue readOnly && readOnly.TryGetValue<bool>(out var yes) && yes));
        }

        return folders;
    }

    private static void Copy(ContainerMount mount, string target)
    {
        if (!mount.ReadOnly && !ReadOnlyVolumes.Any(v => mount.HostPath.Contains(v, StringComparison.Ordinal)))
        {
            throw Refused(mount, "the program could write to it");
        }

        if (Disk.Size(mount.HostPath) > LargestFile)
        {
            throw Refused(mount, $"it is larger than {LargestFile >> 20} MiB");
        }

        Disk.WriteQuickly(target, Disk.ReadBytes(mount.HostPath));
    }

    private static ContainerException Refused(ContainerMount mount, string why) => new(
        ContainerError.CreateContainerError,
        $"the single file mounted at {mount.ContainerPath} cannot be shown to a WebAssembly program: {why}",
        "Mount the whole volume as a folder, without subPath.");

    private static string FolderOf(string path) => Path.GetDirectoryName(Trim(path)) is { Length: > 0 } folder ? folder.Replace('\\', '/') : "/";

    private static string Trim(string path) => path.Length > 1 ? path.TrimEnd('/') : path;
}
