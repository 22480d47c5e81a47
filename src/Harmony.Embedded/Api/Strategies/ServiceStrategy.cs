using System.Net;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>Services get their cluster IP and node ports here, keep them while they live, and give them back.</summary>
internal sealed class ServiceStrategy : Strategy
{
    private const string None = "None";
    private readonly ServiceAddresses addresses;
    private readonly NodePorts ports = new();

    public ServiceStrategy(ClusterState cluster)
    {
        InitialStatus = """{"loadBalancer":{}}""";
        addresses = new(cluster.Network.ServiceRange, [cluster.Network.ApiAddress, cluster.Network.DnsAddress]);
        foreach (var stored in cluster.List(BuiltInResources.Services))
        {
            var service = stored.ToTree();
            if (Address(service) is { } address)
            {
                addresses.TryTake(address, Owner(service), out _);
            }

            foreach (var (port, _) in Ports(service))
            {
                ports.TryTake(port, Owner(service), out _);
            }
        }
    }

    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        FillFamilies(obj);
        return ValueTask.CompletedTask;
    }

    public override void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
        var spec = obj.Child("spec");
        var oldSpec = old.Child("spec");
        if (NeedsAddress(obj) && NeedsAddress(old))
        {
            // Who leaves out what was allocated keeps it.
            if (string.IsNullOrEmpty(spec.Text("clusterIP")) && spec["clusterIPs"] is not JsonArray { Count: > 0 })
            {
                spec["clusterIP"] = oldSpec["clusterIP"]?.DeepClone();
                spec["clusterIPs"] = oldSpec["clusterIPs"]?.DeepClone();
            }
            else if (spec.Text("clusterIP") is { Length: > 0 } one && one != oldSpec.Text("clusterIP") && JsonNode.DeepEquals(spec["clusterIPs"], oldSpec["clusterIPs"]))
            {
                spec["clusterIPs"] = new JsonArray((JsonNode)one);
            }
        }
        else if (!NeedsAddress(obj))
        {
            foreach (var gone in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
            {
                if (JsonNode.DeepEquals(spec[gone], oldSpec[gone]))
                {
                    spec.Remove(gone);
                }
            }
        }

        if (NeedsNodePorts(obj))
        {
            KeepNodePorts(spec, oldSpec);
        }
        else if (NeedsNodePorts(old) && SameNodePorts(spec, oldSpec))
        {
            foreach (var port in spec["ports"].Objects())
            {
                port.Remove("nodePort");
            }
        }

        if (spec.Text("type") is "ClusterIP" or "ExternalName" && oldSpec.Text("type") is "NodePort" or "LoadBalancer")
        {
            foreach (var gone in (ReadOnlySpan<string>)["externalTrafficPolicy", "allocateLoadBalancerNodePorts", "healthCheckNodePort", "loadBalancerClass"])
            {
                spec.Remove(gone);
            }

            if (subresource is null)
            {
                obj.Child("status")["loadBalancer"] = new JsonObject();
            }
        }

        FillFamilies(obj);
    }

    public override Action? Reserve(JsonObject obj, JsonObject? old, bool dryRun)
    {
        var owner = Owner(obj);
        var taken = new List<Action>();
        void Undo()
        {
            foreach (var give in taken)
            {
                give();
            }
        }

        try
        {
            ReserveAddress(obj, old, owner, taken);
            ReservePorts(obj, old, owner, taken);
        }
        catch
        {
            Undo();
            throw;
        }

        if (dryRun)
        {
            Undo();
        }

        return dryRun || taken.Count == 0 ? null : Undo;
    }

    public override void Settle(JsonObject old, JsonObject? now)
    {
        var owner = Owner(old);
        if (Address(old) is { } address && (now is null || !address.Equals(Address(now))))
        {
            addresses.Give(address, owner);
        }

        var kept = now is null ? [] : Ports(now).Select(p => p.Port).ToHashSet();
        foreach (var (port, _) in Ports(old))
        {
            if (!kept.Contains(port))
            {
                ports.Give(port, owner);
            }
        }
    }

    private void ReserveAddress(JsonObject obj, JsonObject? old, string owner, List<Action> taken)
    {
        if (!NeedsAddress(obj))
        {
            return;
        }

        var spec = obj.Child("spec");
        var asked = spec.Text("clusterIP") is { Length: > 0 } one ? one : spec["clusterIPs"].Items().FirstOrDefault().AsText() ?? "";
        if (asked != None)
        {
            if (old is not null && Address(old) is { } kept && kept.ToString() == asked)
            {
                return;
            }

            IPAddress? address;
            if (asked.Length == 0)
            {
                address = addresses.Take(owner) ?? throw Invalid(obj, "spec.clusterIPs", "Invalid value: []: failed to allocate a serviceIP: range is full");
            }
            else if (!IPAddress.TryParse(asked, out address) || !addresses.TryTake(address, owner, out var why))
            {
                var reason = address is not null && !addresses.Contains(address)
                    ? $"the provided IP ({asked}) is not in the valid range. The range of valid IPs is {addresses.Range}" : "provided IP is already allocated";
                throw Invalid(obj, "spec.clusterIPs", $"Invalid value: [\"{asked}\"]: failed to allocate IP {asked}: {reason}");
            }

            var held = address;
            taken.Add(() => addresses.Give(held, owner));
            asked = address.ToString();
        }

        spec["clusterIP"] = asked;
        spec["clusterIPs"] = new JsonArray((JsonNode)asked);
    }

    private void ReservePorts(JsonObject obj, JsonObject? old, string owner, List<Action> taken)
    {
        if (!NeedsNodePorts(obj))
        {
            return;
        }

        var had = old is null ? [] : Ports(old).Select(p => p.Port).ToHashSet();
        var index = 0;
        var fresh = new HashSet<int>();
        foreach (var port in obj.At("spec", "ports").Objects())
        {
            var field = $"spec.ports[{index++}].nodePort";
            if (port["nodePort"].AsInt() is { } asked and not 0)
            {
                if (had.Contains(asked) || fresh.Contains(asked))
                {
                    continue;
                }

                if (!ports.TryTake(asked, owner, out var why))
                {
                    throw Invalid(obj, field, $"Invalid value: {asked}: {why}");
                }

                fresh.Add(asked);
                taken.Add(() => ports.Give(asked, owner));
            }
            else
            {
                var given = ports.Take(owner) ?? throw Invalid(obj, field, "Invalid value: 0: failed to allocate a nodePort: range is full");
                port["nodePort"] = given;
                fresh.Add(given);
                taken.Add(() => ports.Give(given, owner));
            }
        }
    }

    private static void FillFamilies(JsonObject obj)
    {
        if (!NeedsAddress(obj))
        {
            return;
        }

        var spec = obj.Child("spec");
        if (spec["ipFamilies"].Items().FirstOrDefault(f => f.AsText() == "IPv6") is not null)
        {
            throw Invalid(obj, "spec.ipFamilies[0]", "Invalid value: \"IPv6\": not configured on this cluster");
        }

        if (spec.Text("ipFamilyPolicy") == "RequireDualStack")
        {
            throw Invalid(obj, "spec.ipFamilyPolicy", "Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services");
        }

        spec["ipFamilyPolicy"] = spec["ipFamilyPolicy"]?.DeepClone() ?? "SingleStack";
        if (spec["ipFamilies"] is not JsonArray { Count: > 0 })
        {
            spec["ipFamilies"] = new JsonArray((JsonNode)"IPv4");
        }
    }

    private static void KeepNodePorts(JsonObject spec, JsonObject oldSpec)
    {
        var used = spec["ports"].Objects().Select(p => p["nodePort"].AsInt() ?? 0).Where(p => p != 0).ToHashSet();
        foreach (var port in spec["ports"].Objects().Where(p => (p["nodePort"].AsInt() ?? 0) == 0))
        {
            var before = oldSpec["ports"].Objects().FirstOrDefault(p => p["port"].AsInt() == port["port"].AsInt() && p.Text("protocol") == port.Text("protocol"));
            if (before?["nodePort"].AsInt() is { } kept and not 0 && used.Add(kept))
            {
                port["nodePort"] = kept;
            }
        }
    }

    private static bool SameNodePorts(JsonObject spec, JsonObject oldSpec) =>
        spec["ports"].Objects().Select(p => p["nodePort"].AsInt() ?? 0).SequenceEqual(oldSpec["ports"].Objects().Select(p => p["nodePort"].AsInt() ?? 0));

    private static bool NeedsAddress(JsonObject service) => service.At("spec", "type").AsText() != "ExternalName";

    private static bool NeedsNodePorts(JsonObject service) => service.At("spec", "type").AsText() switch
    {
        "NodePort" => true,
        "LoadBalancer" => service.At("spec", "allocateLoadBalancerNodePorts").AsBool() != false,
        _ => false,
    };

    private static IPAddress? Address(JsonObject service) =>
        service.At("spec", "clusterIP").AsText() is { Length: > 0 } text and not None && IPAddress.TryParse(text, out var address) ? address : null;

    private static IEnumerable<(int Port, string Protocol)> Ports(JsonObject service) =>
        service.At("spec", "ports").Objects().Select(p => (p["nodePort"].AsInt() ?? 0, p.Text("protocol") ?? "TCP")).Where(p => p.Item1 != 0);

    private static string Owner(JsonObject service) => $"{service.Namespace}/{service.Name}";

    private static ApiException Invalid(JsonObject service, string field, string message) =>
        ApiErrors.Invalid(BuiltInResources.Services, service.Name, field, "FieldValueInvalid", message);
}
