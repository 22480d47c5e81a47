using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Autoscalers, disruption budgets and roles.</summary>
internal static class PolicyValidation
{
    public static void Autoscaler(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var min = spec["minReplicas"].AsLong() ?? 1;
        var max = spec["maxReplicas"].AsLong() ?? 0;
        if (min < 1)
        {
            errors.Invalid("spec.minReplicas", min, "must be greater than or equal to 1");
        }

        if (max < 1)
        {
            errors.Invalid("spec.maxReplicas", max, "must be greater than 0");
        }

        if (max < min)
        {
            errors.Invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
        }

        var target = spec["scaleTargetRef"] as JsonObject ?? [];
        errors.Need(target, "spec.scaleTargetRef", "kind");
        errors.Need(target, "spec.scaleTargetRef", "name");
    }

    public static void DisruptionBudget(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
        {
            errors.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }

        errors.NonNegative(spec, "spec", "minAvailable", "maxUnavailable");
        errors.Selector(spec["selector"], "spec.selector");
    }

    public static void Role(JsonObject obj, FieldErrors errors)
    {
        foreach (var (rule, path) in obj["rules"].Each("rules"))
        {
            if (rule["verbs"] is not JsonArray { Count: > 0 })
            {
                errors.Required(path + ".verbs", "verbs must contain at least one value");
            }

            var urls = rule["nonResourceURLs"] is JsonArray { Count: > 0 };
            if (urls)
            {
                if (obj.Kind == "Role")
                {
                    errors.Invalid(path + ".nonResourceURLs", rule["nonResourceURLs"], "namespaced rules cannot apply to non-resource URLs");
                }

                continue;
            }

            if (rule["apiGroups"] is not JsonArray { Count: > 0 })
            {
                errors.Required(path + ".apiGroups", "resource rules must supply at least one api group");
            }

            if (rule["resources"] is not JsonArray { Count: > 0 })
            {
                errors.Required(path + ".resources", "resource rules must supply at least one resource");
            }
        }
    }

    public static void RoleBinding(JsonObject obj, FieldErrors errors)
    {
        var role = obj["roleRef"] as JsonObject ?? [];
        if (role.Text("apiGroup") != "rbac.authorization.k8s.io")
        {
            errors.NotSupported("roleRef.apiGroup", role.Text("apiGroup") ?? "", "rbac.authorization.k8s.io");
        }

        if (obj.Kind == "RoleBinding")
        {
            errors.OneOf(role, "roleRef", "kind", required: true, "ClusterRole", "Role");
        }
        else
        {
            errors.OneOf(role, "roleRef", "kind", required: true, "ClusterRole");
        }

        errors.Need(role, "roleRef", "name");
        foreach (var (subject, path) in obj["subjects"].Each("subjects"))
        {
            errors.Need(subject, path, "name");
            if (subject.Text("kind") is not ("ServiceAccount" or "User" or "Group"))
            {
                errors.NotSupported(path + ".kind", subject.Text("kind") ?? "", "Group", "ServiceAccount", "User");
            }
            else if (subject.Text("kind") == "ServiceAccount" && obj.Kind == "ClusterRoleBinding")
            {
                errors.Need(subject, path, "namespace");
            }
        }
    }
}
