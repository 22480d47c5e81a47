using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// Writes the OCI runtime configuration (config.json) of one container.
/// Source: https://github.com/opencontainers/runtime-spec/blob/main/config.md.
/// </summary>
internal static partial class OciSpec
{
    /// <param name="processNamespace">The path of the process namespace that the pod's containers share; null for one of its own.</param>
    /// <param name="ipcNamespace">The path of the pod's IPC namespace; null where this container is the first, which makes it.</param>
    public static JsonObject Build(ContainerSpec spec, ContainerUser user, OciHost host, string? processNamespace = null, string? ipcNamespace = null)
    {
        var security = spec.Container["securityContext"];
        var privileged = security.At("privileged").AsBool() == true;
        var tty = spec.Container["tty"].AsBool() == true;
        var hostNetwork = spec.PodSpec["hostNetwork"].AsBool() == true || spec.NetworkNamespace is null;
        var config = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = Process(spec, user, host, security, privileged, tty),
            ["root"] = new JsonObject { ["path"] = "rootfs", ["readonly"] = security.At("readOnlyRootFilesystem").AsBool() == true },
            ["mounts"] = Mounts(spec, privileged),
            ["linux"] = Linux(spec, host, security, privileged, hostNetwork, processNamespace, ipcNamespace),
        };
        if (!hostNetwork)
        {
            config["hostname"] = spec.HostName;
        }

        return config;
    }

    private static JsonObject Process(ContainerSpec spec, ContainerUser user, OciHost host, JsonNode? security, bool privileged, bool tty)
    {
        var process = new JsonObject
        {
            ["terminal"] = tty,
            ["user"] = new JsonObject
            {
                ["uid"] = user.User,
                ["gid"] = user.Group,
                ["additionalGids"] = new JsonArray([.. user.AdditionalGroups.Select(g => (JsonNode)g)]),
            },
            ["args"] = new JsonArray([.. spec.Arguments.Select(a => (JsonNode)a)]),
            ["env"] = Environment(spec, user, tty),
            ["cwd"] = spec.WorkingFolder is { Length: > 0 } own ? own : spec.Image.Config.WorkingFolder is { Length: > 0 } image ? image : "/",
            ["capabilities"] = Capabilities.ToOci(security, privileged, user.IsRoot, host.Capabilities),
            ["noNewPrivileges"] = security.At("allowPrivilegeEscalation").AsBool() == false,
            ["oomScoreAdj"] = Math.Max(host.OwnOomScore, OomScore(spec)),
        };
        return process;
    }

    private static JsonArray Environment(ContainerSpec spec, ContainerUser user, bool tty)
    {
        // The last of several values of one name counts.
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOSTNAME"] = "HOSTNAME=" + spec.HostName,
        };
        if (tty)
        {
            variables["TERM"] = "TERM=xterm";
        }

        if (user.Home is { Length: > 0 } home)
        {
            variables["HOME"] = "HOME=" + home;
        }

        foreach (var variable in spec.Environment)
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            variables[equals < 0 ? variable : variable[..equals]] = variable;
        }

        return [.. variables.Values.Select(v => (JsonNode)v)];
    }

    /// <summary>Burstable pods between 2 and 999 by the share of memory that they asked for, as the kubelet reckons; the others get 1000 or 0.</summary>
    private static int OomScore(ContainerSpec spec)
    {
        var request = spec.Container.At("resources", "requests", "memory").AsQuantity()?.Value;
        var limit = spec.Container.At("resources", "limits", "memory").AsQuantity()?.Value;
        if (request is null && limit is null && spec.Container.At("resources", "requests", "cpu") is null && spec.Container.At("resources", "limits", "cpu") is null)
        {
            return 1000;
        }

        if (request is { } asked && asked == limit)
        {
            return 0;
        }

        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return (int)Math.Clamp(1000 - (1000 * (double)(request ?? 0) / Math.Max(1, total)), 3, 999);
    }

    private static JsonObject Linux(ContainerSpec spec, OciHost host, JsonNode? security, bool privileged, bool hostNetwork, string? processNamespace, string? ipcNamespace)
    {
        var namespaces = new JsonArray((JsonNode)new JsonObject { ["type"] = "mount" });
        if (spec.PodSpec["hostPID"].AsBool() != true)
        {
            namespaces.Add((JsonNode)Namespace("pid", processNamespace));
        }

        if (spec.PodSpec["hostIPC"].AsBool() != true)
        {
            namespaces.Add((JsonNode)Namespace("ipc", ipcNamespace));
        }

        if (!hostNetwork)
        {
            namespaces.Add((JsonNode)new JsonObject { ["type"] = "uts" });
            namespaces.Add((JsonNode)new JsonObject { ["type"] = "network", ["path"] = spec.NetworkNamespace });
        }

        var linux = new JsonObject
        {
            ["namespaces"] = namespaces,
            ["cgroupsPath"] = $"{host.PodCgroup(spec.PodUid)}/{spec.Id}",
            ["resources"] = Resources(spec, host, privileged),
            ["rootfsPropagation"] = spec.Mounts.Any(m => m.Propagation == "Bidirectional") ? "rshared" : "rslave",
        };
        if (!hostNetwork)
        {
            // As k3s does: a program that is not root may bind port 80 of its own network.
            var sysctl = new JsonObject { ["net.ipv4.ip_unprivileged_port_start"] = "0", ["net.ipv4.ping_group_range"] = "0 2147483647" };
            foreach (var item in spec.PodSpec.At("securityContext", "sysctls").Objects())
            {
                sysctl[item.Text("name") ?? ""] = item.Text("value") ?? "";
            }

            linux["sysctl"] = sysctl;
        }

        if (!privileged && security.At("procMount").AsText() != "Unmasked")
        {
            linux["maskedPaths"] = new JsonArray(
                "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap");
            linux["readonlyPaths"] = new JsonArray("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");
        }

        if (Seccomp(spec, security, privileged) is { } seccomp)
        {
            linux["seccomp"] = seccomp;
        }

        return linux;
    }

    private static JsonObject Namespace(string type, string? path) =>
        path is null ? new() { ["type"] = type } : new() { ["type"] = type, ["path"] = path };

    private static JsonObject Resources(ContainerSpec spec, OciHost host, bool privileged)
    {
        var limits = spec.Container.At("resources", "limits");
        var requests = spec.Container.At("resources", "requests");
        var cpuLimit = limits.At("cpu").AsQuantity()?.MilliValue;
        var cpuRequest = requests.At("cpu").AsQuantity()?.MilliValue ?? cpuLimit;
        var cpu = new JsonObject { ["shares"] = Math.Clamp((cpuRequest ?? 0) * 1024 / 1000, 2, 262144) };
        if (cpuLimit is > 0)
        {
            cpu["quota"] = Math.Max(1000, cpuLimit.Value * 100);
            cpu["period"] = 100000;
        }

        var device = new JsonObject { ["allow"] = privileged, ["access"] = "rwm" };
        var resources = new JsonObject { ["cpu"] = cpu, ["devices"] = new JsonArray((JsonNode)device) };
        if (limits.At("memory").AsQuantity()?.Value is > 0 and var memory)
        {
            resources["memory"] = new JsonObject { ["limit"] = memory, ["swap"] = memory };
            if (host.UnifiedCgroups)
            {
                resources["unified"] = new JsonObject { ["memory.oom.group"] = "1" };
            }
        }

        return resources;
    }
}
