using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Harmony.Platform.Machine;

namespace Harmony.Embedded.Node;

public sealed partial class NodeAgent
{
    private const double FullDisk = 0.05;

    /// <summary>Creates the Node object, or brings its status up to date, and renews its lease.</summary>
    private async Task RegisterAsync(CancellationToken cancellation)
    {
        var known = cluster.Get(BuiltInResources.Nodes, null, options.NodeName);
        if (known is null)
        {
            try
            {
                known = await cluster.CreateAsync(BuiltInResources.Nodes, NewNode(), cancellation);
            }
            catch (ApiException e) when (e.IsAlreadyExists)
            {
                known = cluster.Get(BuiltInResources.Nodes, null, options.NodeName) ?? NewNode();
            }
        }

        var status = Status(known);
        var changed = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = options.NodeName },
            ["status"] = status,
        };
        await cluster.UpdateAsync(BuiltInResources.Nodes, changed, "status", cancellation);
        await RenewAsync(known.Uid, cancellation);
    }

    private JsonObject NewNode()
    {
        var facts = MachineFacts.Read();
        var labels = new JsonObject
        {
            ["beta.kubernetes.io/arch"] = facts.Architecture,
            ["beta.kubernetes.io/os"] = facts.OperatingSystemName,
            ["kubernetes.io/arch"] = facts.Architecture,
            ["kubernetes.io/hostname"] = options.NodeName,
            ["kubernetes.io/os"] = facts.OperatingSystemName,
            ["node-role.kubernetes.io/control-plane"] = "true",
        };
        return new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = options.NodeName, ["labels"] = labels },
            ["spec"] = new JsonObject(),
        };
    }

    private JsonObject Status(JsonObject known)
    {
        var now = options.Time.GetUtcNow();
        var facts = MachineFacts.Read();
        var free = Disk.FreeSpace(options.DataFolder) ?? long.MaxValue;
        var isFull = free < (double)options.Capacity("ephemeral-storage") * FullDisk;
        return new()
        {
            ["capacity"] = Resources(1),
            ["allocatable"] = Resources(0.95),
            ["conditions"] = new JsonArray(
                Condition(known, "MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now),
                isFull
                    ? Condition(known, "DiskPressure", true, "KubeletHasDiskPressure", "kubelet has disk pressure", now)
                    : Condition(known, "DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
                Condition(known, "PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
                Condition(known, "Ready", true, "KubeletReady", "kubelet is posting ready status", now)),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = options.Network.NodeAddress.ToString() },
                new JsonObject { ["type"] = "Hostname", ["address"] = options.NodeName }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = 0 } },
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = Disk.ReadTextIfPresent("/etc/machine-id")?.Trim() ?? "",
                ["systemUUID"] = "",
                ["bootID"] = MachineFacts.BootId,
                ["kernelVersion"] = Disk.ReadTextIfPresent("/proc/sys/kernel/osrelease")?.Trim() ?? Environment.OSVersion.VersionString,
                ["osImage"] = OperatingSystemImage(),
                ["containerRuntimeVersion"] = "harmony://" + (typeof(NodeAgent).Assembly.GetName().Version?.ToString(3) ?? "0"),
                ["kubeletVersion"] = options.KubernetesVersion,
                ["kubeProxyVersion"] = "",
                ["operatingSystem"] = facts.OperatingSystemName,
                ["architecture"] = facts.Architecture,
            },
            ["images"] = new JsonArray([.. images.All.Take(50).Select(i => (JsonNode)new JsonObject
            {
                ["names"] = new JsonArray([.. (i.Names.Count > 0 ? i.Names : [i.Reference]).Select(n => (JsonNode)n)]),
                ["sizeBytes"] = i.Size,
            })]),
        };
    }

    private JsonObject Resources(double share)
    {
        // The machine keeps a part of its memory and disk; its processors it shares.
        static string Kibibytes(decimal bytes, double share) => ((long)((double)bytes * share / 1024)).ToString(CultureInfo.InvariantCulture) + "Ki";
        return new()
        {
            ["cpu"] = ((long)options.Capacity("cpu")).ToString(CultureInfo.InvariantCulture),
            ["ephemeral-storage"] = Kibibytes(options.Capacity("ephemeral-storage"), share),
            ["memory"] = Kibibytes(options.Capacity("memory"), share),
            ["pods"] = MachineCapacity.MostPods.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static JsonNode Condition(JsonObject known, string type, bool holds, string reason, string message, DateTimeOffset now)
    {
        var status = holds ? "True" : "False";
        var before = known.Condition(type);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastHeartbeatTime"] = Timestamps.Format(now),
            ["lastTransitionTime"] = before?.Text("status") == status && before.Text("lastTransitionTime") is { } at ? at : Timestamps.Format(now),
            ["reason"] = reason,
            ["message"] = message,
        };
    }

    private async Task RenewAsync(string nodeUid, CancellationToken cancellation)
    {
        const string ns = "kube-node-lease";
        if (cluster.Get(BuiltInResources.Namespaces, null, ns) is null)
        {
            return;
        }

        var renewed = Timestamps.FormatMicro(options.Time.GetUtcNow());
        if (cluster.Get(BuiltInResources.Leases, ns, options.NodeName) is { } lease)
        {
            lease.Child("spec")["renewTime"] = renewed;
            lease.Metadata.Remove("resourceVersion");
            await cluster.UpdateAsync(BuiltInResources.Leases, lease, null, cancellation);
            return;
        }

        var owner = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = options.NodeName, ["uid"] = nodeUid };
        var created = new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = options.NodeName, ["namespace"] = ns, ["ownerReferences"] = new JsonArray((JsonNode)owner) },
            ["spec"] = new JsonObject { ["holderIdentity"] = options.NodeName, ["leaseDurationSeconds"] = (int)Heartbeat.TotalSeconds * 2, ["renewTime"] = renewed },
        };
        await cluster.CreateAsync(BuiltInResources.Leases, created, cancellation);
    }

    private static string OperatingSystemImage()
    {
        foreach (var line in (Disk.ReadTextIfPresent("/etc/os-release") ?? "").Split('\n'))
        {
            if (line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))
            {
                return line["PRETTY_NAME=".Length..].Trim('"');
            }
        }

        return System.Runtime.InteropServices.RuntimeInformation.OSDescription;
    }
}
