using System.Net;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Ingresses and network policies.</summary>
internal static class NetworkingValidation
{
    public static void Ingress(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        if (spec["rules"] is not JsonArray { Count: > 0 } && spec["defaultBackend"] is null)
        {
            errors.Invalid("spec", spec, "either `defaultBackend` or `rules` must be specified");
        }

        if (spec["defaultBackend"] is JsonObject fallback)
        {
            Backend(fallback, "spec.defaultBackend", errors);
        }

        foreach (var (rule, path) in spec["rules"].Each("spec.rules"))
        {
            if (rule.Text("host") is { Length: > 0 } host)
            {
                if (IPAddress.TryParse(host, out _))
                {
                    errors.Invalid(path + ".host", host, "must be a DNS name, not an IP address");
                }

                var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
                errors.All(path + ".host", host, Names.Subdomain(name));
            }

            if (rule["http"] is JsonObject http && http["paths"] is not JsonArray { Count: > 0 })
            {
                errors.Required(path + ".http.paths");
            }

            foreach (var (route, at) in rule.At("http", "paths").Each(path + ".http.paths"))
            {
                Route(route, at, errors);
            }
        }

        if (spec.Text("ingressClassName") is { } className)
        {
            errors.All("spec.ingressClassName", className, Names.Subdomain(className));
        }
    }

    public static void NetworkPolicy(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        errors.Selector(spec["podSelector"], "spec.podSelector");
        foreach (var (direction, peers) in new[] { ("ingress", "from"), ("egress", "to") })
        {
            foreach (var (rule, path) in spec[direction].Each("spec." + direction))
            {
                foreach (var (port, at) in rule["ports"].Each(path + ".ports"))
                {
                    errors.OneOf(port, at, "protocol", required: false, "SCTP", "TCP", "UDP");
                    if (port["port"] is { } number)
                    {
                        errors.PortNumberOrName(at + ".port", number);
                    }
                }

                foreach (var (peer, at) in rule[peers].Each($"{path}.{peers}"))
                {
                    Peer(peer, at, errors);
                }
            }
        }

        foreach (var (type, i) in spec["policyTypes"].Items().Select((t, i) => (t, i)))
        {
            if (type.AsText() is not ("Ingress" or "Egress"))
            {
                errors.NotSupported($"spec.policyTypes[{i}]", type, "Egress", "Ingress");
            }
        }
    }

    private static void Peer(JsonObject peer, string path, FieldErrors errors)
    {
        if (peer.Count == 0)
        {
            errors.Required(path, "must specify a peer");
        }

        if (peer["ipBlock"] is not JsonObject block)
        {
            return;
        }

        if (peer.Count > 1)
        {
            errors.Forbidden(path, "may not specify both ipBlock and another peer");
        }

        if (errors.Need(block, path + ".ipBlock", "cidr") is { } cidr && !IPNetwork.TryParse(cidr, out _))
        {
            errors.Invalid(path + ".ipBlock.cidr", cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        }
    }

    private static void Route(JsonObject route, string path, FieldErrors errors)
    {
        var type = route.Text("pathType");
        if (string.IsNullOrEmpty(type))
        {
            errors.Required(path + ".pathType", "pathType must be specified");
        }
        else
        {
            errors.OneOf(route, path, "pathType", required: true, "Exact", "ImplementationSpecific", "Prefix");
        }

        if (type is "Exact" or "Prefix" && route.Text("path")?.StartsWith('/') != true)
        {
            errors.Invalid(path + ".path", route.Text("path") ?? "", "must be an absolute path");
        }

        Backend(route["backend"] as JsonObject ?? [], path + ".backend", errors);
    }

    private static void Backend(JsonObject backend, string path, FieldErrors errors)
    {
        var service = backend["service"] as JsonObject;
        if (service is null && backend["resource"] is null)
        {
            errors.Required(path, "resource or service backend is required");
            return;
        }

        if (service is null)
        {
            return;
        }

        if (backend["resource"] is not null)
        {
            errors.Invalid(path, "", "cannot set both resource and service backends");
        }

        if (errors.Need(service, path + ".service", "name") is { } name)
        {
            errors.All(path + ".service.name", name, Names.Label1035(name));
        }

        var port = service["port"] as JsonObject ?? [];
        var number = port["number"].AsLong() ?? 0;
        if (port.Text("name") is { Length: > 0 } portName)
        {
            if (number != 0)
            {
                errors.Invalid(path, "", "cannot set both port name & port number");
            }

            errors.All(path + ".service.port.name", portName, Names.PortName(portName));
        }
        else if (number == 0)
        {
            errors.Required(path, "port name or number is required");
        }
        else
        {
            errors.PortNumber(path + ".service.port.number", number);
        }
    }
}
