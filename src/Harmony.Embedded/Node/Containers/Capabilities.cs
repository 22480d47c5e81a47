using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Which capabilities a container's process has: containerd's default set, changed as its securityContext asks.</summary>
internal static class Capabilities
{
    // In the order of their numbers (include/uapi/linux/capability.h).
    private static readonly string[] All =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ];

    private static readonly string[] Default =
    [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE",
        "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ];

    /// <param name="securityContext">The container's; null where it has none.</param>
    /// <param name="ours">What this process may give, as bits.</param>
    public static JsonObject ToOci(JsonNode? securityContext, bool privileged, bool isRoot, ulong ours)
    {
        var names = new HashSet<string>(privileged ? All : Default, StringComparer.Ordinal);
        if (!privileged)
        {
            var drop = Names(securityContext.At("capabilities", "drop"));
            var add = Names(securityContext.At("capabilities", "add"));
            if (drop.Contains("ALL"))
            {
                names.Clear();
            }

            if (add.Contains("ALL"))
            {
                names.UnionWith(All);
            }

            names.ExceptWith(drop);
            names.UnionWith(add.Where(n => n != "ALL"));
        }

        JsonArray List() => [.. All.Where((name, number) => names.Contains(name) && (ours & (1UL << number)) != 0).Select(n => (JsonNode)("CAP_" + n))];

        // Who is not root gets its capabilities only from file capabilities, as with containerd.
        var oci = new JsonObject { ["bounding"] = List() };
        oci["permitted"] = isRoot ? List() : new JsonArray();
        oci["effective"] = isRoot ? List() : new JsonArray();
        return oci;
    }

    private static HashSet<string> Names(JsonNode? list) =>
        list.Items().Select(n => n.AsText() ?? "").Select(n => n.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) ? n[4..] : n)
            .Select(n => n.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
}
