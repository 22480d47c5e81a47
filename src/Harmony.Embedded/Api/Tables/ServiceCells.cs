using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>The cells of Services, Ingresses and Endpoints.</summary>
internal static class ServiceCells
{
    private const int LoadBalancerWidth = 16;

    public static string External(JsonObject service)
    {
        var external = string.Join(',', service.At("spec", "externalIPs").Items().Select(a => a.AsText()));
        switch (service.At("spec", "type").AsText())
        {
            case "ExternalName":
                return Cells.Or(service.At("spec", "externalName"), "<none>");
            case "LoadBalancer":
                var ingress = LoadBalancer(service);
                return (ingress, external) switch
                {
                    ("", "") => "<pending>",
                    (_, "") => ingress,
                    ("", _) => external,
                    _ => $"{ingress},{external}",
                };
            default:
                return external.Length == 0 ? "<none>" : external;
        }
    }

    public static string Ports(JsonObject service)
    {
        var ports = string.Join(',', service.At("spec", "ports").Objects().Select(p =>
            p["nodePort"].AsInt() is { } node and > 0 ? $"{p["port"].AsInt()}:{node}/{p.Text("protocol") ?? "TCP"}" : $"{p["port"].AsInt()}/{p.Text("protocol") ?? "TCP"}"));
        return ports.Length == 0 ? "<none>" : ports;
    }

    public static string LoadBalancer(JsonObject obj)
    {
        var text = string.Join(',', obj.At("status", "loadBalancer", "ingress").Objects().Select(i => i.Text("ip") ?? i.Text("hostname") ?? "").Where(t => t.Length > 0).Order(StringComparer.Ordinal));
        return text.Length > LoadBalancerWidth ? text[..(LoadBalancerWidth - 3)] + "..." : text;
    }

    public static string Hosts(JsonObject ingress)
    {
        var hosts = ingress.At("spec", "rules").Objects().Select(r => r.Text("host") ?? "").Where(h => h.Length > 0).ToList();
        return hosts.Count == 0 ? "*" : Cells.Joined(hosts, "*");
    }

    public static string Endpoints(JsonObject endpoints) => Cells.Joined(endpoints["subsets"].Objects().SelectMany(s =>
    {
        var ports = s["ports"].Objects().Select(p => p["port"]?.ToString()).ToList();
        return s["addresses"].Objects().SelectMany(a => ports.Count == 0 ? [a.Text("ip") ?? ""] : ports.Select(p => $"{a.Text("ip")}:{p}"));
    }), "<none>");
}

/// <summary>The cells of nodes.</summary>
internal static class NodeCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static string Status(JsonObject node)
    {
        var status = node.Condition("Ready")?.Text("status") switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.At("spec", "unschedulable").AsBool() == true ? $"{status},SchedulingDisabled" : status;
    }

    public static string Roles(JsonObject node)
    {
        var roles = node.Labels.Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal) && l.Key.Length > RolePrefix.Length).Select(l => l.Key[RolePrefix.Length..])
            .Concat(node.Label("kubernetes.io/role") is { Length: > 0 } role ? [role] : []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return roles.Count == 0 ? "<none>" : string.Join(',', roles);
    }

    public static string Address(JsonObject node, string type) =>
        node.At("status", "addresses").Objects().FirstOrDefault(a => a.Text("type") == type)?.Text("address") ?? "<none>";
}

/// <summary>The cells of autoscalers.</summary>
internal static class AutoscalerCells
{
    public static string Targets(JsonObject autoscaler)
    {
        var targets = autoscaler.At("spec", "metrics").Objects().Select(m => Target(m, autoscaler)).ToList();
        return targets.Count == 0 ? "<none>" : targets.Count <= 2 ? string.Join(", ", targets) : $"{string.Join(", ", targets.Take(2))} + {targets.Count - 2} more...";
    }

    private static string Target(JsonObject metric, JsonObject autoscaler)
    {
        if (metric["resource"] is not JsonObject resource)
        {
            return "<unknown>/<auto>";
        }

        var name = resource.Text("name");
        var current = autoscaler.At("status", "currentMetrics").Objects().FirstOrDefault(m => m.At("resource", "name").AsText() == name).At("resource", "current");
        if (resource.At("target", "averageValue").AsText() is { } value)
        {
            return $"{name}: {Cells.Or(current.At("averageValue"), "<unknown>")}/{value}";
        }

        var now = current.At("averageUtilization").AsLong() is { } used ? $"{used}%" : "<unknown>";
        return $"{name}: {now}/{(resource.At("target", "averageUtilization").AsLong() is { } wanted ? $"{wanted}%" : "<auto>")}";
    }
}

/// <summary>The cells of events, which have two forms: of old, and of events.k8s.io.</summary>
internal static class EventCells
{
    public static JsonNode? LastSeen(JsonObject e, DateTimeOffset now)
    {
        var last = e.At("series", "lastObservedTime").AsTime() ?? (e["lastTimestamp"] ?? e["deprecatedLastTimestamp"]).AsTime() ?? e["eventTime"].AsTime();
        return last is { } time ? Ages.Human(now - time) : "<unknown>";
    }

    public static JsonNode? FirstSeen(JsonObject e, DateTimeOffset now)
    {
        var first = (e["firstTimestamp"] ?? e["deprecatedFirstTimestamp"]).AsTime() ?? e["eventTime"].AsTime();
        return first is { } time ? Ages.Human(now - time) : "<unknown>";
    }

    public static string About(JsonObject e)
    {
        var about = e["involvedObject"] ?? e["regarding"];
        var kind = (about.At("kind").AsText() ?? "").ToLowerInvariant();
        return about.At("name").AsText() is { Length: > 0 } name ? $"{kind}/{name}" : kind;
    }

    public static string Source(JsonObject e)
    {
        var source = e["source"] ?? e["deprecatedSource"];
        var component = source.At("component").AsText() is { Length: > 0 } given ? given : e.Text("reportingComponent") ?? e.Text("reportingController") ?? "";
        var host = source.At("host").AsText() is { Length: > 0 } node ? node : "";
        return host.Length == 0 ? component : $"{component}, {host}";
    }

    public static long Count(JsonObject e) =>
        (e.At("series", "count") ?? e["count"] ?? e["deprecatedCount"]).AsLong() is { } count and > 0 ? count : 1;
}
