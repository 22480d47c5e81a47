using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Deployments, ReplicaSets, StatefulSets and DaemonSets.</summary>
internal static class WorkloadValidation
{
    public static void Deployment(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        errors.NonNegative(spec, "spec", "replicas");
        SelectorAndTemplate(spec, "deployment", errors);
        var strategy = spec["strategy"] as JsonObject ?? [];
        switch (strategy.Text("type"))
        {
            case "Recreate" when strategy["rollingUpdate"] is not null:
                errors.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
                break;
            case "RollingUpdate" when strategy["rollingUpdate"] is JsonObject rolling:
                RollingUpdate(rolling, "spec.strategy.rollingUpdate", errors);
                break;
            case "Recreate":
                break;
            default:
                errors.OneOf(strategy, "spec.strategy", "type", required: true, "Recreate", "RollingUpdate");
                break;
        }

        errors.NonNegative(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds");
        if (spec["progressDeadlineSeconds"].AsLong() is { } deadline and >= 0 && deadline <= (spec["minReadySeconds"].AsLong() ?? 0))
        {
            errors.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
        }
    }

    public static void ReplicaSet(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        errors.NonNegative(spec, "spec", "replicas", "minReadySeconds");
        if (obj.Kind == "ReplicationController")
        {
            PodValidation.Template(spec["template"] as JsonObject ?? [], "spec.template", errors);
            return;
        }

        SelectorAndTemplate(spec, "deployment", errors);
    }

    public static void StatefulSet(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        errors.OneOf(spec, "spec", "podManagementPolicy", required: true, "OrderedReady", "Parallel");
        if (spec["updateStrategy"] is JsonObject strategy)
        {
            errors.OneOf(strategy, "spec.updateStrategy", "type", required: true, "OnDelete", "RollingUpdate");
            if (strategy["rollingUpdate"] is JsonObject rolling)
            {
                errors.NonNegative(rolling, "spec.updateStrategy.rollingUpdate", "partition");
            }
        }

        errors.NonNegative(spec, "spec", "replicas", "minReadySeconds", "revisionHistoryLimit");
        // The claims of the set are volumes of its pods.
        var template = spec["template"]?.DeepClone() as JsonObject ?? [];
        var volumes = template.Child("spec").List("volumes");
        foreach (var (claim, path) in spec["volumeClaimTemplates"].Each("spec.volumeClaimTemplates"))
        {
            StorageValidation.Claim(claim["spec"] as JsonObject ?? [], path + ".spec", errors);
            if (claim.Name.Length == 0)
            {
                errors.Required(path + ".metadata.name", "name or generateName is required");
            }
            else if (!volumes.Objects().Any(v => v.Text("name") == claim.Name))
            {
                volumes.Add((JsonNode)new JsonObject { ["name"] = claim.Name, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim.Name } });
            }
        }

        var checkedSpec = spec.DeepClone().AsObject();
        checkedSpec["template"] = template;
        SelectorAndTemplate(checkedSpec, "statefulset", errors);
    }

    public static void StatefulSetUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var before = old["spec"]!.DeepClone().AsObject();
        var after = obj["spec"]!.DeepClone().AsObject();
        foreach (var field in new[] { "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds" })
        {
            before.Remove(field);
            after.Remove(field);
        }

        // The status of a claim template is no part of it.
        foreach (var claim in before["volumeClaimTemplates"].Objects().Concat(after["volumeClaimTemplates"].Objects()))
        {
            claim.Remove("status");
        }

        if (!JsonNode.DeepEquals(before, after))
        {
            errors.Forbidden(
                "spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
        }
    }

    public static void DaemonSet(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        SelectorAndTemplate(spec, "daemonset", errors);
        errors.NonNegative(spec, "spec", "minReadySeconds", "revisionHistoryLimit");
        if (spec["updateStrategy"] is JsonObject strategy)
        {
            errors.OneOf(strategy, "spec.updateStrategy", "type", required: true, "OnDelete", "RollingUpdate");
        }
    }

    private static void SelectorAndTemplate(JsonObject spec, string kind, FieldErrors errors)
    {
        var template = spec["template"] as JsonObject ?? [];
        var selector = spec["selector"] as JsonObject;
        var empty = selector is not null && selector["matchLabels"] is not JsonObject { Count: > 0 } && selector["matchExpressions"] is not JsonArray { Count: > 0 };
        if (selector is null)
        {
            errors.Required("spec.selector");
        }
        else
        {
            errors.Selector(selector, "spec.selector");
            if (empty)
            {
                errors.Invalid("spec.selector", selector, $"empty selector is invalid for {kind}");
            }
        }

        if (selector is null || (!empty && !LabelSelector.FromObject(selector).Matches(template.At("metadata", "labels").AsTextMap())))
        {
            errors.Invalid("spec.template.metadata.labels", template.At("metadata", "labels") ?? null, "`selector` does not match template `labels`");
        }

        PodValidation.Template(template, "spec.template", errors);
        if (template.At("spec", "restartPolicy").AsText() is { } policy and not "Always")
        {
            errors.NotSupported("spec.template.spec.restartPolicy", policy, "Always");
        }

        if (template.At("spec", "activeDeadlineSeconds") is not null)
        {
            errors.Forbidden("spec.template.spec.activeDeadlineSeconds", $"activeDeadlineSeconds in {(kind == "deployment" ? "ReplicaSet" : kind == "daemonset" ? "DaemonSet" : "StatefulSet")} is not Supported");
        }
    }

    private static void RollingUpdate(JsonObject rolling, string path, FieldErrors errors)
    {
        foreach (var field in new[] { "maxUnavailable", "maxSurge" })
        {
            if (rolling[field].AsText() is { } text && !IsPercent(text))
            {
                errors.Invalid($"{path}.{field}", text, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
            }
            else
            {
                errors.NonNegative(rolling, path, field);
            }
        }

        if (IsZero(rolling["maxUnavailable"]) && IsZero(rolling["maxSurge"]))
        {
            errors.Invalid(path + ".maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0");
        }
    }

    private static bool IsPercent(string text) =>
        text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsZero(JsonNode? value) => value.AsText() is { } text ? text.TrimStart('0') is "%" : value.AsLong() is null or 0;
}
