using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Pods and their templates.</summary>
internal static partial class PodValidation
{
    private const string OnlyThese =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Template(JsonObject template, string path, FieldErrors errors)
    {
        errors.Labels(template.At("metadata", "labels"), path + ".metadata.labels");
        MetadataValidation.Annotations(template.At("metadata", "annotations"), path + ".metadata.annotations", errors);
        Spec(template["spec"] as JsonObject ?? [], path + ".spec", errors);
    }

    public static void Spec(JsonObject spec, string path, FieldErrors errors)
    {
        var volumes = Volumes(spec, path, errors);
        var hostNetwork = spec["hostNetwork"].AsBool() == true;
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (spec["containers"] is not JsonArray { Count: > 0 })
        {
            errors.Required(path + ".containers");
        }

        foreach (var (container, at) in spec["containers"].Each(path + ".containers"))
        {
            Container(container, at, volumes, hostNetwork, errors);
            Unique(container, at, names, errors);
            Lifecycle(container, at, errors);
            Probes(container, at, errors);
        }

        foreach (var (container, at) in spec["initContainers"].Each(path + ".initContainers"))
        {
            Container(container, at, volumes, hostNetwork, errors);
            Unique(container, at, names, errors);
            var sidecar = container.Text("restartPolicy") == "Always";
            if (sidecar)
            {
                Lifecycle(container, at, errors);
                Probes(container, at, errors);
            }
            else
            {
                foreach (var field in new[] { "lifecycle", "livenessProbe", "readinessProbe", "startupProbe" })
                {
                    if (container[field] is not null)
                    {
                        errors.Forbidden($"{at}.{field}", "may not be set for init containers without restartPolicy=Always");
                    }
                }
            }
        }

        foreach (var (container, at) in spec["ephemeralContainers"].Each(path + ".ephemeralContainers"))
        {
            Unique(container, at, names, errors);
            if (errors.Need(container, at, "image") is null)
            {
                continue;
            }

            foreach (var field in new[] { "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle" })
            {
                if (container[field] is not null)
                {
                    errors.Forbidden($"{at}.{field}", "cannot be set for an Ephemeral Container");
                }
            }
        }

        errors.OneOf(spec, path, "restartPolicy", required: true, "Always", "Never", "OnFailure");
        errors.OneOf(spec, path, "dnsPolicy", required: true, "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
        if (spec.Text("dnsPolicy") == "None" && spec.At("dnsConfig", "nameservers") is not JsonArray { Count: > 0 })
        {
            errors.Required(path + ".dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }

        errors.Labels(spec["nodeSelector"], path + ".nodeSelector");
        errors.NonNegative(spec, path, "terminationGracePeriodSeconds");
        if (spec["activeDeadlineSeconds"].AsLong() is < 1 and var deadline)
        {
            errors.Invalid(path + ".activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive");
        }

        foreach (var field in new[] { "serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName" })
        {
            if (spec.Text(field) is { Length: > 0 } name)
            {
                errors.All($"{path}.{field}", name, Names.Subdomain(name));
            }
        }

        foreach (var field in new[] { "hostname", "subdomain" })
        {
            if (spec.Text(field) is { Length: > 0 } name)
            {
                errors.All($"{path}.{field}", name, Names.Label(name));
            }
        }

        Tolerations(spec, path, errors);
        foreach (var (alias, at) in spec["hostAliases"].Each(path + ".hostAliases"))
        {
            if (!System.Net.IPAddress.TryParse(alias.Text("ip"), out _))
            {
                errors.Invalid(at + ".ip", alias.Text("ip") ?? "", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
            }
        }

        foreach (var (spread, at) in spec["topologySpreadConstraints"].Each(path + ".topologySpreadConstraints"))
        {
            if (spread["maxSkew"].AsLong() is null or <= 0)
            {
                errors.Invalid(at + ".maxSkew", spread["maxSkew"].AsLong() ?? 0, "must be greater than zero");
            }

            errors.Need(spread, at, "topologyKey", "can not be empty");
            errors.OneOf(spread, at, "whenUnsatisfiable", required: true, "DoNotSchedule", "ScheduleAnyway");
        }
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        if (obj["spec"] is not JsonObject spec || old["spec"] is not JsonObject before)
        {
            return;
        }

        var allowed = spec.DeepClone().AsObject();
        foreach (var list in new[] { "containers", "initContainers" })
        {
            var stored = before[list].Objects().ToList();
            foreach (var (container, i) in allowed[list].Objects().Select((c, i) => (c, i)))
            {
                if (i < stored.Count && stored[i].Text("name") == container.Text("name"))
                {
                    Copy(stored[i], container, "image");
                }
            }
        }

        Deadline(spec, before, errors);
        var tolerations = before["tolerations"].Items().All(t => spec["tolerations"].Items().Any(n => SameToleration(t, n)));
        if (!tolerations)
        {
            errors.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
        }

        foreach (var field in new[] { "activeDeadlineSeconds", "tolerations" })
        {
            Copy(before, allowed, field);
        }

        // Whoever schedules binds; in this process it may also say so by an update, once.
        if (string.IsNullOrEmpty(before.Text("nodeName")))
        {
            Copy(before, allowed, "nodeName");
        }

        if (before["terminationGracePeriodSeconds"].AsLong() < 0 && spec["terminationGracePeriodSeconds"].AsLong() == 1)
        {
            Copy(before, allowed, "terminationGracePeriodSeconds");
        }

        if (before["schedulingGates"] is JsonArray && spec["schedulingGates"].Items().All(g => before["schedulingGates"].Items().Any(b => JsonNode.DeepEquals(b, g))))
        {
            Copy(before, allowed, "schedulingGates");
        }

        if (!JsonNode.DeepEquals(allowed, before))
        {
            errors.Forbidden("spec", OnlyThese);
        }
    }

    private static bool SameToleration(JsonNode? stored, JsonNode? given)
    {
        var a = stored?.DeepClone() as JsonObject ?? [];
        var b = given?.DeepClone() as JsonObject ?? [];
        a.Remove("tolerationSeconds");
        b.Remove("tolerationSeconds");
        return JsonNode.DeepEquals(a, b);
    }

    private static void Deadline(JsonObject spec, JsonObject before, FieldErrors errors)
    {
        if (before["activeDeadlineSeconds"].AsLong() is not { } old)
        {
            return;
        }

        if (spec["activeDeadlineSeconds"].AsLong() is not { } now)
        {
            errors.Invalid("spec.activeDeadlineSeconds", (JsonNode?)null, "must not update from a positive integer to nil value");
        }
        else if (now > old)
        {
            errors.Invalid("spec.activeDeadlineSeconds", now, "must be less than or equal to previous value");
        }
    }

    private static void Copy(JsonObject from, JsonObject to, string field)
    {
        if (from[field] is { } value)
        {
            to[field] = value.DeepClone();
        }
        else
        {
            to.Remove(field);
        }
    }

    private static void Unique(JsonObject container, string at, HashSet<string> names, FieldErrors errors)
    {
        if (container.Text("name") is { Length: > 0 } name && !names.Add(name))
        {
            errors.Duplicate(at + ".name", name);
        }
    }

    private static void Tolerations(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var (toleration, at) in spec["tolerations"].Each(path + ".tolerations"))
        {
            var key = toleration.Text("key") ?? "";
            if (key.Length > 0 && LabelSyntax.CheckName(key) is { } fault)
            {
                errors.Invalid(at + ".key", key, fault);
            }

            if (key.Length == 0 && toleration.Text("operator") != "Exists")
            {
                errors.Invalid(at + ".operator", toleration.Text("operator") ?? "", "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
            }

            if (toleration["tolerationSeconds"] is not null && toleration.Text("effect") != "NoExecute")
            {
                errors.Invalid(at + ".effect", toleration.Text("effect") ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }

            errors.OneOf(toleration, at, "operator", required: false, "Equal", "Exists", "Gt", "Lt");
            errors.OneOf(toleration, at, "effect", required: false, "NoSchedule", "PreferNoSchedule", "NoExecute");
        }
    }
}
