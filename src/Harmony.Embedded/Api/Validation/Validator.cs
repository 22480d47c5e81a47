using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Decides whether an object may be stored, with kube-apiserver's field errors.</summary>
public static class Validator
{
    /// <summary>Checks a new object: decoded, defaulted, its namespace and generated name filled in.</summary>
    /// <exception cref="ApiException">422 Invalid with <c>details.causes</c>.</exception>
    public static void ValidateCreate(JsonObject obj, ApiResource resource, Schema schema)
    {
        var errors = new FieldErrors();
        MetadataValidation.Create(obj, resource, errors);
        if (schema.IsCustom)
        {
            CustomResourceValidation.Validate(obj, schema, errors);
        }
        else
        {
            Kind(obj, resource, errors);
        }

        errors.Throw(resource.Group, resource.Kind, obj.Name);
    }

    /// <summary>Checks a change against what is stored; <paramref name="subresource"/> is null for the object itself.</summary>
    /// <exception cref="ApiException">422 Invalid with <c>details.causes</c>.</exception>
    public static void ValidateUpdate(JsonObject obj, JsonObject old, ApiResource resource, Schema schema, string? subresource = null)
    {
        var errors = new FieldErrors();
        MetadataValidation.Update(obj, old, errors);
        if (schema.IsCustom)
        {
            CustomResourceValidation.Validate(obj, schema, errors);
        }
        else if (subresource is null or "scale")
        {
            // What was stored before a rule came to be, and has not changed since, is not held against it.
            if (!JsonNode.DeepEquals(obj["spec"], old["spec"]) || obj["spec"] is null)
            {
                Kind(obj, resource, errors);
            }

            Change(obj, old, resource, errors);
        }

        errors.Throw(resource.Group, resource.Kind, obj.Name);
    }

    private static void Kind(JsonObject obj, ApiResource resource, FieldErrors errors)
    {
        switch (resource.Name)
        {
            case "pods":
                PodValidation.Spec(obj["spec"] as JsonObject ?? [], "spec", errors);
                break;
            case "podtemplates":
                PodValidation.Template(obj["template"] as JsonObject ?? [], "template", errors);
                break;
            case "deployments.apps":
                WorkloadValidation.Deployment(obj, errors);
                break;
            case "replicasets.apps" or "replicationcontrollers":
                WorkloadValidation.ReplicaSet(obj, errors);
                break;
            case "statefulsets.apps":
                WorkloadValidation.StatefulSet(obj, errors);
                break;
            case "daemonsets.apps":
                WorkloadValidation.DaemonSet(obj, errors);
                break;
            case "jobs.batch":
                JobValidation.Job(obj["spec"] as JsonObject ?? [], "spec", errors);
                break;
            case "cronjobs.batch":
                JobValidation.CronJob(obj, errors);
                break;
            case "services":
                ServiceValidation.Service(obj, errors);
                break;
            case "endpointslices.discovery.k8s.io":
                ServiceValidation.EndpointSlice(obj, errors);
                break;
            case "configmaps":
                ConfigValidation.ConfigMap(obj, errors);
                break;
            case "secrets":
                ConfigValidation.Secret(obj, errors);
                break;
            case "persistentvolumeclaims":
                StorageValidation.Claim(obj["spec"] as JsonObject ?? [], "spec", errors);
                break;
            case "persistentvolumes":
                StorageValidation.Volume(obj, errors);
                break;
            case "storageclasses.storage.k8s.io":
                StorageValidation.StorageClass(obj, errors);
                break;
            case "ingresses.networking.k8s.io":
                NetworkingValidation.Ingress(obj, errors);
                break;
            case "networkpolicies.networking.k8s.io":
                NetworkingValidation.NetworkPolicy(obj, errors);
                break;
            case "horizontalpodautoscalers.autoscaling":
                PolicyValidation.Autoscaler(obj, errors);
                break;
            case "poddisruptionbudgets.policy":
                PolicyValidation.DisruptionBudget(obj, errors);
                break;
            case "roles.rbac.authorization.k8s.io" or "clusterroles.rbac.authorization.k8s.io":
                PolicyValidation.Role(obj, errors);
                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                PolicyValidation.RoleBinding(obj, errors);
                break;
            case "runtimeclasses.node.k8s.io":
                if (errors.Need(obj, "", "handler") is { } handler)
                {
                    errors.All("handler", handler, Names.Label(handler));
                }

                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                DefinitionValidation.Validate(obj, errors);
                break;
        }
    }

    private static void Change(JsonObject obj, JsonObject old, ApiResource resource, FieldErrors errors)
    {
        switch (resource.Name)
        {
            case "pods":
                PodValidation.Update(obj, old, errors);
                break;
            case "deployments.apps" or "replicasets.apps" or "daemonsets.apps":
                errors.Same(obj.At("spec", "selector"), old.At("spec", "selector"), "spec.selector");
                break;
            case "statefulsets.apps":
                WorkloadValidation.StatefulSetUpdate(obj, old, errors);
                break;
            case "jobs.batch":
                JobValidation.JobUpdate(obj, old, errors);
                break;
            case "services":
                ServiceValidation.Update(obj, old, errors);
                break;
            case "endpointslices.discovery.k8s.io":
                errors.Same(obj["addressType"], old["addressType"], "addressType");
                break;
            case "configmaps":
                ConfigValidation.Update(obj, old, errors, "binaryData");
                break;
            case "secrets":
                errors.Same(obj["type"], old["type"], "type");
                ConfigValidation.Update(obj, old, errors, null);
                break;
            case "persistentvolumeclaims":
                StorageValidation.ClaimUpdate(obj, old, errors);
                break;
            case "persistentvolumes":
                StorageValidation.VolumeUpdate(obj, old, errors);
                break;
            case "storageclasses.storage.k8s.io":
                StorageValidation.StorageClassUpdate(obj, old, errors);
                break;
            case "runtimeclasses.node.k8s.io":
                errors.Same(obj["handler"], old["handler"], "handler");
                break;
            case "priorityclasses.scheduling.k8s.io":
                if (!JsonNode.DeepEquals(obj["value"], old["value"]))
                {
                    errors.Forbidden("value", "may not be changed in an update.");
                }

                break;
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                errors.Same(obj["roleRef"], old["roleRef"], "roleRef", "cannot change roleRef");
                break;
            case "customresourcedefinitions.apiextensions.k8s.io":
                DefinitionValidation.Update(obj, old, errors);
                break;
        }
    }
}
