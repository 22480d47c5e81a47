using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

internal static partial class PodValidation
{
    private static readonly string[] StandardResources = ["cpu", "memory", "ephemeral-storage"];
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

    private static void Container(JsonObject container, string path, Dictionary<string, JsonObject> volumes, bool hostNetwork, FieldErrors errors)
    {
        if (errors.Need(container, path, "name") is { } name)
        {
            errors.All(path + ".name", name, Names.Label(name));
        }

        if (errors.Need(container, path, "image") is { } image && image.Trim() != image)
        {
            errors.Invalid(path + ".image", image, "must not have leading or trailing whitespace");
        }

        errors.OneOf(container, path, "terminationMessagePolicy", required: true, "FallbackToLogsOnError", "File");
        Ports(container, path, hostNetwork, errors);
        Environment(container, path, errors);
        Mounts(container, path, volumes, errors);
        errors.OneOf(container, path, "imagePullPolicy", required: true, "Always", "IfNotPresent", "Never");
        Resources(container["resources"] as JsonObject ?? [], path + ".resources", errors);
        if (container["securityContext"] is JsonObject security)
        {
            errors.NonNegative(security, path + ".securityContext", "runAsUser", "runAsGroup");
            if (security["privileged"].AsBool() == true && security["allowPrivilegeEscalation"].AsBool() == false)
            {
                errors.Invalid(path + ".securityContext", security, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
            }
        }
    }

    private static void Ports(JsonObject container, string path, bool hostNetwork, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, at) in container["ports"].Each(path + ".ports"))
        {
            if (port.Text("name") is { Length: > 0 } name)
            {
                var faults = Names.PortName(name).ToList();
                errors.All(at + ".name", name, faults);
                if (faults.Count == 0 && !names.Add(name))
                {
                    errors.Duplicate(at + ".name", name);
                }
            }

            var number = port["containerPort"].AsLong() ?? 0;
            if (number == 0)
            {
                errors.Required(at + ".containerPort");
            }
            else
            {
                errors.PortNumber(at + ".containerPort", number);
            }

            if (port["hostPort"].AsLong() is { } host and not 0)
            {
                errors.PortNumber(at + ".hostPort", host);
                if (hostNetwork && host != number)
                {
                    errors.Invalid(at + ".containerPort", number, "must match `hostPort` when `hostNetwork` is true");
                }
            }

            errors.OneOf(port, at, "protocol", required: true, "SCTP", "TCP", "UDP");
        }
    }

    private static void Environment(JsonObject container, string path, FieldErrors errors)
    {
        foreach (var (variable, at) in container["env"].Each(path + ".env"))
        {
            if (errors.Need(variable, at, "name") is { } name && name.Any(c => c is < ' ' or > '~' or '='))
            {
                errors.Invalid(at + ".name", name, "a valid environment variable name must consist only of printable ASCII characters other than '='");
            }

            if (variable["valueFrom"] is JsonObject from)
            {
                ValueFrom(from, at + ".valueFrom", variable, errors);
            }
        }

        foreach (var (source, at) in container["envFrom"].Each(path + ".envFrom"))
        {
            var count = new[] { "configMapRef", "secretRef" }.Count(f => source[f] is not null);
            if (count != 1)
            {
                errors.Invalid(at, "", count == 0 ? "must specify one of: `configMapRef` or `secretRef`" : "may not have more than one field specified at a time");
            }

            foreach (var field in new[] { "configMapRef", "secretRef" })
            {
                if (source[field] is JsonObject reference)
                {
                    errors.Need(reference, $"{at}.{field}", "name");
                }
            }
        }
    }

    private static void ValueFrom(JsonObject from, string path, JsonObject variable, FieldErrors errors)
    {
        var given = from.Count(f => f.Value is not null);
        if (given == 0)
        {
            errors.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        }
        else if (!string.IsNullOrEmpty(variable.Text("value")))
        {
            errors.Invalid(path, "", "may not be specified when `value` is not empty");
        }
        else if (given > 1)
        {
            errors.Invalid(path, "", "may not have more than one field specified at a time");
        }

        if (from["fieldRef"] is JsonObject field)
        {
            errors.Need(field, path + ".fieldRef", "fieldPath");
        }

        foreach (var name in new[] { "configMapKeyRef", "secretKeyRef" })
        {
            if (from[name] is JsonObject reference && errors.Need(reference, $"{path}.{name}", "key") is { } key)
            {
                errors.All($"{path}.{name}.key", key, Names.ConfigKey(key));
            }
        }

        if (from["resourceFieldRef"] is JsonObject resource)
        {
            errors.Need(resource, path + ".resourceFieldRef", "resource");
        }
    }

    private static void Mounts(JsonObject container, string path, Dictionary<string, JsonObject> volumes, FieldErrors errors)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (mount, at) in container["volumeMounts"].Each(path + ".volumeMounts"))
        {
            if (errors.Need(mount, at, "name") is { } name && !volumes.ContainsKey(name))
            {
                errors.NotFound(at + ".name", name);
            }

            if (errors.Need(mount, at, "mountPath") is { } target && !paths.Add(target))
            {
                errors.Invalid(at + ".mountPath", target, "must be unique");
            }

            foreach (var field in new[] { "subPath", "subPathExpr" })
            {
                if (mount.Text(field) is not { Length: > 0 } sub)
                {
                    continue;
                }

                if (sub.StartsWith('/'))
                {
                    errors.Invalid($"{at}.{field}", sub, "must be a relative path");
                }

                if (sub.Split('/').Contains("..", StringComparer.Ordinal))
                {
                    errors.Invalid($"{at}.{field}", sub, "must not contain '..'");
                }
            }

            if (mount.Text("subPath") is { Length: > 0 } && mount.Text("subPathExpr") is { Length: > 0 } expression)
            {
                errors.Invalid(at + ".subPathExpr", expression, "subPathExpr and subPath are mutually exclusive");
            }
        }
    }

    public static void Resources(JsonObject resources, string path, FieldErrors errors)
    {
        foreach (var list in new[] { "limits", "requests" })
        {
            foreach (var (name, value) in resources[list] as JsonObject ?? [])
            {
                if (!Quantity.TryParse(value.AsText(), out var quantity))
                {
                    continue;
                }

                if (!name.Contains('/', StringComparison.Ordinal) && !StandardResources.Contains(name, StringComparer.Ordinal) && !name.StartsWith("hugepages-", StringComparison.Ordinal))
                {
                    errors.Invalid($"{path}.{list}", name, "must be a standard resource type or fully qualified");
                    errors.Invalid($"{path}.{list}", name, "must be a standard resource for containers");
                }

                if (quantity < Quantity.Zero)
                {
                    errors.Invalid($"{path}.{list}[{name}]", value.AsText()!, "must be greater than or equal to 0");
                }

                if (list == "requests" && Quantity.TryParse(resources.At("limits", name).AsText(), out var limit) && quantity > limit)
                {
                    errors.Invalid(path + ".requests", value.AsText()!, $"must be less than or equal to {name} limit of {limit}");
                }
            }
        }
    }

    private static void Lifecycle(JsonObject container, string path, FieldErrors errors)
    {
        foreach (var hook in new[] { "postStart", "preStop" })
        {
            if (container.At("lifecycle", hook) is JsonObject handler)
            {
                Handler(handler, $"{path}.lifecycle.{hook}", errors);
            }
        }
    }

    private static void Probes(JsonObject container, string path, FieldErrors errors)
    {
        foreach (var kind in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container[kind] is not JsonObject probe)
            {
                continue;
            }

            var at = $"{path}.{kind}";
            Handler(probe, at, errors);
            errors.NonNegative(probe, at, "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold");
            if (kind != "readinessProbe" && probe["successThreshold"].AsLong() is { } threshold and not 1)
            {
                errors.Invalid(at + ".successThreshold", threshold, "must be 1");
            }

            if (probe["terminationGracePeriodSeconds"].AsLong() is <= 0 and var grace)
            {
                errors.Invalid(at + ".terminationGracePeriodSeconds", grace, "must be greater than 0");
            }
        }
    }

    private static void Handler(JsonObject handler, string path, FieldErrors errors)
    {
        var given = Handlers.Where(h => handler[h] is JsonObject).ToList();
        if (given.Count == 0)
        {
            errors.Required(path, "must specify a handler type");
        }

        foreach (var extra in given.Skip(1))
        {
            errors.Forbidden($"{path}.{extra}", "may not specify more than 1 handler type");
        }

        if (handler["exec"] is JsonObject exec && exec["command"] is not JsonArray { Count: > 0 })
        {
            errors.Required(path + ".exec.command");
        }

        if (handler["httpGet"] is JsonObject http)
        {
            errors.Need(http, path + ".httpGet", "path");
            errors.PortNumberOrName(path + ".httpGet.port", http["port"]);
            errors.OneOf(http, path + ".httpGet", "scheme", required: true, "HTTP", "HTTPS");
        }

        if (handler["tcpSocket"] is JsonObject tcp)
        {
            errors.PortNumberOrName(path + ".tcpSocket.port", tcp["port"]);
        }

        if (handler["grpc"] is JsonObject grpc)
        {
            errors.PortNumber(path + ".grpc.port", grpc["port"].AsLong() ?? 0);
        }
    }
}
