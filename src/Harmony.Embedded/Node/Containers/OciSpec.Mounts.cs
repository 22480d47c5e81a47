using System.Globalization;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Node.Containers;

internal static partial class OciSpec
{
    private static JsonArray Mounts(ContainerSpec spec, bool privileged)
    {
        var mounts = new List<(string Destination, JsonObject Mount)>
        {
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            privileged
                ? Mount("/dev", "bind", "/dev", "rbind", "rslave", "rw")
                : Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", privileged ? "rw" : "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", privileged ? "rw" : "ro"),
        };
        if (!privileged)
        {
            mounts.Add(Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
            mounts.Add(Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
            mounts.Add(Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
        }

        // A mount of the pod takes the place of a default one, as an emptyDir at /dev/shm does.
        var own = spec.Mounts.Select(m => m.ContainerPath.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        mounts.RemoveAll(m => own.Contains(m.Destination));
        foreach (var mount in spec.Mounts)
        {
            mounts.Add(mount.MemoryBytes is { } bytes
                ? Mount(mount.ContainerPath, "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=1777", .. bytes > 0 ? [$"size={bytes.ToString(CultureInfo.InvariantCulture)}"] : (string[])[]])
                : Mount(mount.ContainerPath, "bind", mount.HostPath, "rbind", Propagation(mount.Propagation), mount.ReadOnly ? "ro" : "rw"));
        }

        // Outer folders first, else they would hide what is mounted inside them.
        return [.. mounts.OrderBy(m => m.Destination.Count(c => c == '/')).Select(m => (JsonNode)m.Mount)];
    }

    private static string Propagation(string propagation) => propagation switch
    {
        "HostToContainer" => "rslave",
        "Bidirectional" => "rshared",
        _ => "rprivate",
    };

    private static (string Destination, JsonObject Mount) Mount(string destination, string type, string source, params string[] options) =>
        (destination.Length > 1 ? destination.TrimEnd('/') : destination, new JsonObject
        {
            ["destination"] = destination,
            ["type"] = type,
            ["source"] = source,
            ["options"] = new JsonArray([.. options.Select(o => (JsonNode)o)]),
        });
}
