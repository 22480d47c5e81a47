namespace Harmony.Embedded.Api;

/// <content>The kinds that no code here asks for by name, and the list of all, in the order in which discovery names their groups.</content>
public static partial class BuiltInResources
{
    public static ApiResource Bindings { get; } = new("", "v1", "bindings", "Binding", Namespaced: true) { Verbs = CreateOnly };

    public static ApiResource LimitRanges { get; } = new("", "v1", "limitranges", "LimitRange", Namespaced: true) { ShortNames = ["limits"] };

    public static ApiResource ResourceQuotas { get; } = new("", "v1", "resourcequotas", "ResourceQuota", Namespaced: true) { ShortNames = ["quota"], Subresources = ["status"] };

    public static ApiResource PriorityClasses { get; } = new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", Namespaced: false) { ShortNames = ["pc"] };

    public static ApiResource PodDisruptionBudgets { get; } = new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", Namespaced: true) { ShortNames = ["pdb"], Subresources = ["status"] };

    public static ApiResource Ingresses { get; } = new("networking.k8s.io", "v1", "ingresses", "Ingress", Namespaced: true) { ShortNames = ["ing"], Subresources = ["status"] };

    public static ApiResource IngressClasses { get; } = new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", Namespaced: false);

    /// <summary>The other names under which objects are served: the events of <c>events.k8s.io</c> are those of the core group.</summary>
    public static ApiResource GroupedEvents { get; } = new("events.k8s.io", "v1", "events", "Event", Namespaced: true) { ShortNames = ["ev"] };

    public static ApiResource HorizontalPodAutoscalers { get; } = Autoscaler("v2");

    public static ApiResource HorizontalPodAutoscalersV1 { get; } = Autoscaler("v1");

    /// <summary>Every kind, by group as discovery orders them, then by name.</summary>
    public static IReadOnlyList<ApiResource> All => Every.Kind;

    private static ApiResource Autoscaler(string version) =>
        new("autoscaling", version, "horizontalpodautoscalers", "HorizontalPodAutoscaler", Namespaced: true) { ShortNames = ["hpa"], Categories = ["all"], Subresources = ["status"] };

    private static ApiResource Admission(string plural, string kind) =>
        new("admissionregistration.k8s.io", "v1", plural, kind, Namespaced: false) { Categories = ["api-extensions"] };

    /// <summary>A class of its own, so that it is made after all that it lists.</summary>
    private static class Every
    {
        internal static readonly ApiResource[] Kind =
        [
            Bindings,
            new("", "v1", "componentstatuses", "ComponentStatus", Namespaced: false) { ShortNames = ["cs"], Verbs = ["get", "list"] },
            ConfigMaps,
            Endpoints,
            Events,
            LimitRanges,
            Namespaces,
            Nodes,
            PersistentVolumeClaims,
            PersistentVolumes,
            Pods,
            new("", "v1", "podtemplates", "PodTemplate", Namespaced: true),
            new("", "v1", "replicationcontrollers", "ReplicationController", Namespaced: true) { ShortNames = ["rc"], Categories = ["all"], Subresources = ["scale", "status"] },
            ResourceQuotas,
            Secrets,
            ServiceAccounts,
            Services,
            new("apiregistration.k8s.io", "v1", "apiservices", "APIService", Namespaced: false) { Categories = ["api-extensions"], Subresources = ["status"] },
            ControllerRevisions,
            DaemonSets,
            Deployments,
            ReplicaSets,
            StatefulSets,
            GroupedEvents,
            new("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", Namespaced: false) { Verbs = CreateOnly },
            new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", Namespaced: false) { Verbs = CreateOnly },
            new("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", Namespaced: true) { Verbs = CreateOnly },
            new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", Namespaced: false) { Verbs = CreateOnly },
            new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", Namespaced: false) { Verbs = CreateOnly },
            new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", Namespaced: false) { Verbs = CreateOnly },
            HorizontalPodAutoscalers,
            HorizontalPodAutoscalersV1,
            CronJobs,
            Jobs,
            new("certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", Namespaced: false) { ShortNames = ["csr"], Subresources = ["approval", "status"] },
            IngressClasses,
            Ingresses,
            new("networking.k8s.io", "v1", "ipaddresses", "IPAddress", Namespaced: false) { ShortNames = ["ip"] },
            new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", Namespaced: true) { ShortNames = ["netpol"] },
            new("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", Namespaced: false) { Subresources = ["status"] },
            PodDisruptionBudgets,
            new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", Namespaced: false),
            new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", Namespaced: false),
            new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", Namespaced: true),
            new("rbac.authorization.k8s.io", "v1", "roles", "Role", Namespaced: true),
            new("storage.k8s.io", "v1", "csidrivers", "CSIDriver", Namespaced: false),
            new("storage.k8s.io", "v1", "csinodes", "CSINode", Namespaced: false),
            new("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity", Namespaced: true),
            StorageClasses,
            new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", Namespaced: false) { Subresources = ["status"] },
            new("storage.k8s.io", "v1", "volumeattributesclasses", "VolumeAttributesClass", Namespaced: false) { ShortNames = ["vac"] },
            Admission("mutatingadmissionpolicies", "MutatingAdmissionPolicy"),
            Admission("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding"),
            Admission("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
            Admission("validatingadmissionpolicies", "ValidatingAdmissionPolicy") with { Subresources = ["status"] },
            Admission("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"),
            Admission("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
            CustomResourceDefinitions,
            PriorityClasses,
            Leases,
            RuntimeClasses,
            EndpointSlices,
            new("resource.k8s.io", "v1", "deviceclasses", "DeviceClass", Namespaced: false),
            new("resource.k8s.io", "v1", "resourceclaims", "ResourceClaim", Namespaced: true) { Subresources = ["status"] },
            new("resource.k8s.io", "v1", "resourceclaimtemplates", "ResourceClaimTemplate", Namespaced: true),
            new("resource.k8s.io", "v1", "resourceslices", "ResourceSlice", Namespaced: false),
            new("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", Namespaced: false) { Subresources = ["status"] },
            new("flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration", Namespaced: false) { Subresources = ["status"] },
        ];
    }
}
