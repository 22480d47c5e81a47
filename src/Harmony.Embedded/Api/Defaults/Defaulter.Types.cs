using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Defaults;

// Defaults that depend on other fields of the same Go struct, or of the whole object.
public static partial class Defaulter
{
    private static void ByType(JsonObject obj, string? typeName)
    {
        switch (typeName is null ? "" : DefaultTable.Short(typeName))
        {
            case "core.v1.PodSpec":
                PodSpec(obj);
                break;
            case "core.v1.Container" or "core.v1.EphemeralContainer":
                Container(obj);
                break;
            case "core.v1.Probe" when obj["grpc"] is JsonObject grpc:
                grpc["service"] ??= "";
                break;
            case "core.v1.Volume" when obj.Count == 1:
                obj["emptyDir"] = new JsonObject();
                break;
            case "core.v1.PersistentVolumeClaimTemplate":
                obj.Child("spec")["volumeMode"] ??= "Filesystem";
                break;
            case "core.v1.ServiceSpec":
                Service(obj);
                break;
            case "core.v1.LimitRangeItem":
                LimitRangeItem(obj);
                break;
            case "apps.v1.DeploymentStrategy" when obj.Text("type") == "RollingUpdate":
                obj.Child("rollingUpdate")["maxUnavailable"] ??= "25%";
                obj.Child("rollingUpdate")["maxSurge"] ??= "25%";
                break;
            case "apps.v1.StatefulSetUpdateStrategy" when obj.Text("type") == "RollingUpdate":
                obj.Child("rollingUpdate")["partition"] ??= 0;
                break;
            case "apps.v1.DaemonSetUpdateStrategy" when obj.Text("type") == "RollingUpdate":
                obj.Child("rollingUpdate")["maxUnavailable"] ??= 1;
                obj.Child("rollingUpdate")["maxSurge"] ??= 0;
                break;
            case "apps.v1.StatefulSetSpec":
                foreach (var claim in obj["volumeClaimTemplates"].Objects())
                {
                    claim["kind"] ??= "PersistentVolumeClaim";
                    claim["apiVersion"] ??= "v1";
                }

                break;
            case "networking.v1.NetworkPolicySpec" when obj["policyTypes"].Items().FirstOrDefault() is null:
                obj["policyTypes"] = obj["egress"] is JsonArray { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
                break;
            case "rbac.v1.Subject":
                if (obj["apiGroup"] is null && obj.Text("kind") is "User" or "Group")
                {
                    obj["apiGroup"] = "rbac.authorization.k8s.io";
                }

                break;
            case "apiextensions.v1.CustomResourceDefinitionNames":
                if (obj.Text("kind") is { Length: > 0 } kind)
                {
                    obj["singular"] ??= kind.ToLowerInvariant();
                    obj["listKind"] ??= kind + "List";
                }

                break;
        }
    }

    private static void PodSpec(JsonObject spec)
    {
        if (spec["hostNetwork"].AsBool() == true)
        {
            foreach (var port in spec["containers"].Objects().Concat(spec["initContainers"].Objects()).SelectMany(c => c["ports"].Objects()))
            {
                if (port["hostPort"].AsInt() is null or 0 && port["containerPort"].AsInt() is { } number)
                {
                    port["hostPort"] = number;
                }
            }
        }

        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec["serviceAccount"] = account;
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } old)
        {
            spec["serviceAccountName"] = old;
        }
    }

    private static void Container(JsonObject container)
    {
        if (container["imagePullPolicy"] is null)
        {
            container["imagePullPolicy"] = IsLatest(container.Text("image") ?? "") ? "Always" : "IfNotPresent";
        }

        // A limit without a request is also the request.
        if (container.At("resources", "limits") is JsonObject limits && container["resources"] is JsonObject resources)
        {
            foreach (var (name, value) in limits)
            {
                var requests = resources.Child("requests");
                if (requests[name] is null)
                {
                    requests[name] = value?.DeepClone();
                }
            }
        }
    }

    /// <summary>Whether the image has the tag <c>latest</c>, or neither tag nor digest.</summary>
    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var colon = image.LastIndexOf(':');
        return colon <= image.LastIndexOf('/') || image.AsSpan(colon + 1) is "latest";
    }

    private static void Service(JsonObject spec)
    {
        var type = spec.Text("type");
        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            spec.Child("sessionAffinityConfig").Child("clientIP")["timeoutSeconds"] ??= 10800;
        }
        else
        {
            spec.Remove("sessionAffinityConfig");
        }

        foreach (var port in spec["ports"].Objects())
        {
            if ((port["targetPort"] is null || port["targetPort"].AsInt() == 0 || port.Text("targetPort") == "") && port["port"].AsInt() is { } number)
            {
                port["targetPort"] = number;
            }
        }

        if (type is "NodePort" or "LoadBalancer")
        {
            spec["externalTrafficPolicy"] ??= "Cluster";
        }

        if (type == "LoadBalancer")
        {
            spec["allocateLoadBalancerNodePorts"] ??= true;
        }

        if (type is "NodePort" or "LoadBalancer" or "ClusterIP")
        {
            spec["internalTrafficPolicy"] ??= "Cluster";
        }
    }

    private static void LimitRangeItem(JsonObject item)
    {
        if (item.Text("type") != "Container")
        {
            return;
        }

        // A maximum is the default limit, a default limit the default request, a minimum the least default request.
        Copy(item["max"] as JsonObject, "default");
        Copy(item["default"] as JsonObject, "defaultRequest");
        Copy(item["min"] as JsonObject, "defaultRequest");

        void Copy(JsonObject? from, string to)
        {
            foreach (var (name, value) in from ?? [])
            {
                var target = item.Child(to);
                if (target[name] is null)
                {
                    target[name] = value?.DeepClone();
                }
            }
        }
    }

    private static void ByKind(JsonObject obj, GroupVersionKind kind)
    {
        switch (kind.Group, kind.Kind)
        {
            case ("", "Pod"):
                Pod(obj);
                break;
            case ("", "Secret"):
                if (obj["stringData"] is JsonObject texts)
                {
                    foreach (var (name, value) in texts)
                    {
                        obj.Child("data")[name] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.AsText() ?? ""));
                    }

                    obj.Remove("stringData");
                }

                break;
            case ("", "Namespace"):
                if (obj.Name.Length > 0)
                {
                    obj.Metadata.Child("labels")["kubernetes.io/metadata.name"] ??= obj.Name;
                }

                break;
            case ("", "ReplicationController"):
                LabelsFromTemplate(obj);
                if (obj.At("spec", "selector") is null && obj.At("spec", "template", "metadata", "labels") is JsonObject labels && obj.Spec is { } rc)
                {
                    rc["selector"] = labels.DeepClone();
                }

                break;
            case ("apps", "DaemonSet"):
                obj.Metadata.Child("annotations")["deprecated.daemonset.template.generation"] ??=
                    Math.Max(1, obj.Generation).ToString(CultureInfo.InvariantCulture);
                break;
            case ("batch", "Job"):
                Job(obj);
                break;
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                if (obj.Status is { } status && status["storedVersions"] is not JsonArray { Count: > 0 } && obj.At("spec", "versions") is JsonArray { Count: > 0 } versions)
                {
                    status["storedVersions"] = new JsonArray(
                        [.. versions.OfType<JsonObject>().Where(v => v["storage"].AsBool() == true).Select(v => (JsonNode?)v.Text("name"))]);
                }

                break;
        }
    }

    private static void Pod(JsonObject obj)
    {
        if (obj.Spec is { } spec)
        {
            spec["enableServiceLinks"] ??= true;
        }
    }

    private static void Job(JsonObject obj)
    {
        if (obj.Spec is not { } spec)
        {
            return;
        }

        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
            spec["parallelism"] = 1;
        }

        spec["parallelism"] ??= 1;
        var indexed = spec.Text("completionMode") == "Indexed";
        spec["backoffLimit"] ??= indexed && spec["backoffLimitPerIndex"] is not null ? int.MaxValue : 6;
        spec["completionMode"] ??= "NonIndexed";
        spec["suspend"] ??= false;
        spec["manualSelector"] ??= false;
        spec["podReplacementPolicy"] ??= spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed";
        LabelsFromTemplate(obj);
    }

    /// <summary>The two kinds that still take their labels from their template when they have none.</summary>
    private static void LabelsFromTemplate(JsonObject obj)
    {
        if (obj.At("metadata", "labels") is null && obj.At("spec", "template", "metadata", "labels") is JsonObject { Count: > 0 } labels)
        {
            obj.Metadata["labels"] = labels.DeepClone();
        }
    }
}
