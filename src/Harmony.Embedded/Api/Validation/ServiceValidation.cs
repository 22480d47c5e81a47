using System.Net;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Services and EndpointSlices. Addresses and node ports are checked where they are allocated.</summary>
internal static class ServiceValidation
{
    public static void Service(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var type = spec.Text("type");
        var ports = spec["ports"] as JsonArray;
        if (ports is not { Count: > 0 } && type != "ExternalName" && spec.Text("clusterIP") != "None")
        {
            errors.Required("spec.ports");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, path) in ports.Each("spec.ports"))
        {
            Port(port, path, ports!.Count > 1, names, errors);
            if (!numbers.Add($"{port.Text("protocol")}/{port["port"].AsLong()}"))
            {
                errors.Duplicate(path, new JsonObject { ["port"] = port["port"]?.DeepClone(), ["protocol"] = port.Text("protocol") });
            }

            if (type == "ClusterIP" && port["nodePort"].AsLong() is not (null or 0))
            {
                errors.Forbidden(path + ".nodePort", "may not be used when `type` is 'ClusterIP'");
            }
        }

        errors.Labels(spec["selector"], "spec.selector");
        errors.OneOf(spec, "spec", "sessionAffinity", required: true, "ClientIP", "None");
        errors.OneOf(spec, "spec", "type", required: true, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        if (type == "ExternalName")
        {
            if (spec.Text("clusterIP") is { Length: > 0 } ip)
            {
                errors.Forbidden("spec.clusterIPs[0]", "may not be set when `type` is 'ExternalName'");
                _ = ip;
            }

            if (errors.Need(spec, "spec", "externalName") is { } name)
            {
                errors.All("spec.externalName", name.TrimEnd('.'), Names.Subdomain(name.TrimEnd('.')));
            }
        }
        else if (spec.Text("clusterIP") == "None" && type is "LoadBalancer" or "NodePort")
        {
            errors.Invalid("spec.clusterIPs[0]", "None", $"may not be set to 'None' for {type} services");
        }

        foreach (var (ip, i) in spec["externalIPs"].Items().Select((ip, i) => (ip.AsText() ?? "", i)))
        {
            if (!IPAddress.TryParse(ip, out _))
            {
                errors.Invalid($"spec.externalIPs[{i}]", ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
            }
        }
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var after = obj["spec"] as JsonObject ?? [];
        var before = old["spec"] as JsonObject ?? [];
        if (before.Text("clusterIP") is { Length: > 0 } stored && before.Text("type") != "ExternalName" && after.Text("type") != "ExternalName"
            && after.Text("clusterIP") is { Length: > 0 } given && given != stored)
        {
            errors.Invalid("spec.clusterIPs[0]", new JsonArray(given), "may not change once set");
        }
    }

    public static void EndpointSlice(JsonObject obj, FieldErrors errors)
    {
        errors.OneOf(obj, "", "addressType", required: true, "FQDN", "IPv4", "IPv6");
        foreach (var (endpoint, path) in obj["endpoints"].Each("endpoints"))
        {
            if (endpoint["addresses"] is not JsonArray { Count: > 0 })
            {
                errors.Required(path + ".addresses", "must contain at least 1 address");
            }
        }
    }

    private static void Port(JsonObject port, string path, bool several, HashSet<string> names, FieldErrors errors)
    {
        var name = port.Text("name") ?? "";
        if (several && name.Length == 0)
        {
            errors.Required(path + ".name");
        }
        else if (name.Length > 0)
        {
            errors.All(path + ".name", name, Names.Label(name));
            if (!names.Add(name))
            {
                errors.Duplicate(path + ".name", name);
            }
        }

        errors.PortNumber(path + ".port", port["port"].AsLong() ?? 0);
        errors.OneOf(port, path, "protocol", required: true, "SCTP", "TCP", "UDP");
        errors.PortNumberOrName(path + ".targetPort", port["targetPort"]);
    }
}
