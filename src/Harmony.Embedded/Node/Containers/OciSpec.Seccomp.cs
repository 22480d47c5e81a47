using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Containers;

internal static partial class OciSpec
{
    // What container runtimes' default profile withholds and no ordinary program needs. A list of what is refused, where theirs lists what is allowed:
    // smaller, and it does not break programs that use calls newer than the list.
    private static readonly string[] Refused =
    [
        "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "finit_module", "get_kernel_syms",
        "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "move_mount", "move_pages",
        "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pivot_root", "process_vm_readv", "process_vm_writev",
        "query_module", "quotactl", "reboot", "request_key", "setns", "settimeofday", "stime", "swapoff", "swapon", "sysfs", "syslog", "umount2",
        "unshare", "uselib", "userfaultfd", "ustat", "vm86", "vm86old",
    ];

    private static JsonObject? Seccomp(ContainerSpec spec, JsonNode? security, bool privileged)
    {
        var profile = security.At("seccompProfile", "type").AsText() ?? spec.PodSpec.At("securityContext", "seccompProfile", "type").AsText();
        if (privileged || profile is null or "Unconfined")
        {
            return null;
        }

        if (profile != "RuntimeDefault")
        {
            throw new ContainerException(
                ContainerError.CreateContainerConfigError,
                $"seccompProfile of type {profile} is not supported by the embedded runtime (container: {spec.Name})",
                "Use RuntimeDefault or Unconfined.");
        }

        return new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ALLOW",
            ["syscalls"] = new JsonArray((JsonNode)new JsonObject
            {
                ["names"] = new JsonArray([.. Refused.Select(n => (JsonNode)n)]),
                ["action"] = "SCMP_ACT_ERRNO",
            }),
        };
    }
}
