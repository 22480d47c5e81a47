namespace Harmony.Embedded.Api;

/// <summary>The kinds that the embedded runtime serves from its start.</summary>
public static partial class BuiltInResources
{
    private static string[] WithoutCollection => ["create", "delete", "get", "list", "patch", "update", "watch"];
    private static string[] CreateOnly => ["create"];

    public static ApiResource Namespaces { get; } = new("", "v1", "namespaces", "Namespace", Namespaced: false) { Verbs = WithoutCollection, ShortNames = ["ns"], Subresources = ["finalize", "status"] };

    public static ApiResource Pods { get; } = new("", "v1", "pods", "Pod", Namespaced: true)
    {
        ShortNames = ["po"],
        Categories = ["all"],
        Subresources = ["attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "resize", "status"],
    };

    public static ApiResource Nodes { get; } = new("", "v1", "nodes", "Node", Namespaced: false) { ShortNames = ["no"], Subresources = ["proxy", "status"] };

    public static ApiResource Services { get; } = new("", "v1", "services", "Service", Namespaced: true) { ShortNames = ["svc"], Categories = ["all"], Subresources = ["proxy", "status"] };

    public static ApiResource Endpoints { get; } = new("", "v1", "endpoints", "Endpoints", Namespaced: true) { ShortNames = ["ep"] };

    public static ApiResource ConfigMaps { get; } = new("", "v1", "configmaps", "ConfigMap", Namespaced: true) { ShortNames = ["cm"] };

    public static ApiResource Secrets { get; } = new("", "v1", "secrets", "Secret", Namespaced: true);

    public static ApiResource ServiceAccounts { get; } = new("", "v1", "serviceaccounts", "ServiceAccount", Namespaced: true) { ShortNames = ["sa"], Subresources = ["token"] };

    public static ApiResource PersistentVolumes { get; } = new("", "v1", "persistentvolumes", "PersistentVolume", Namespaced: false) { ShortNames = ["pv"], Subresources = ["status"] };

    public static ApiResource PersistentVolumeClaims { get; } = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", Namespaced: true) { ShortNames = ["pvc"], Subresources = ["status"] };

    public static ApiResource Events { get; } = new("", "v1", "events", "Event", Namespaced: true) { ShortNames = ["ev"] };

    public static ApiResource Deployments { get; } = new("apps", "v1", "deployments", "Deployment", Namespaced: true) { ShortNames = ["deploy"], Categories = ["all"], Subresources = ["scale", "status"] };

    public static ApiResource ReplicaSets { get; } = new("apps", "v1", "replicasets", "ReplicaSet", Namespaced: true) { ShortNames = ["rs"], Categories = ["all"], Subresources = ["scale", "status"] };

    public static ApiResource StatefulSets { get; } = new("apps", "v1", "statefulsets", "StatefulSet", Namespaced: true) { ShortNames = ["sts"], Categories = ["all"], Subresources = ["scale", "status"] };

    public static ApiResource DaemonSets { get; } = new("apps", "v1", "daemonsets", "DaemonSet", Namespaced: true) { ShortNames = ["ds"], Categories = ["all"], Subresources = ["status"] };

    public static ApiResource ControllerRevisions { get; } = new("apps", "v1", "controllerrevisions", "ControllerRevision", Namespaced: true);

    public static ApiResource Jobs { get; } = new("batch", "v1", "jobs", "Job", Namespaced: true) { Categories = ["all"], Subresources = ["status"] };

    public static ApiResource CronJobs { get; } = new("batch", "v1", "cronjobs", "CronJob", Namespaced: true) { ShortNames = ["cj"], Categories = ["all"], Subresources = ["status"] };

    public static ApiResource EndpointSlices { get; } = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", Namespaced: true);

    public static ApiResource StorageClasses { get; } = new("storage.k8s.io", "v1", "storageclasses", "StorageClass", Namespaced: false) { ShortNames = ["sc"] };

    public static ApiResource Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);

    public static ApiResource RuntimeClasses { get; } = new("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", Namespaced: false);

    public static ApiResource CustomResourceDefinitions { get; } = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false) { ShortNames = ["crd", "crds"], Categories = ["api-extensions"], Subresources = ["status"] };
}
