using System.Collections.Frozen;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>The strategy of each of Kubernetes' own kinds, by resource name.</summary>
public sealed class StrategyTable
{
    private static readonly Strategy Plain = new();
    private readonly FrozenDictionary<string, Strategy> strategies;

    public StrategyTable(ClusterState cluster) => strategies = new Dictionary<string, Strategy>(StringComparer.Ordinal)
    {
        ["namespaces"] = new NamespaceStrategy { InitialStatus = """{"phase":"Active"}""" },
        ["pods"] = new PodStrategy { CountsGeneration = true, ReturnsDeleted = true },
        ["services"] = new ServiceStrategy(cluster) { ReturnsDeleted = true },
        ["nodes"] = new() { InitialStatus = """{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"","operatingSystem":"","architecture":""}}""" },
        ["persistentvolumeclaims"] = new PersistentVolumeClaimStrategy { ReturnsDeleted = true, InitialStatus = """{"phase":"Pending"}""", ProtectionFinalizer = "kubernetes.io/pvc-protection" },
        ["jobs.batch"] = new JobStrategy { CountsGeneration = true, InitialStatus = "{}" },
        ["deployments.apps"] = new() { CountsGeneration = true, InitialStatus = "{}" },
        ["replicasets.apps"] = new() { CountsGeneration = true, InitialStatus = """{"replicas":0}""" },
        ["replicationcontrollers"] = new() { CountsGeneration = true, InitialStatus = """{"replicas":0}""" },
        ["statefulsets.apps"] = new() { CountsGeneration = true, InitialStatus = """{"replicas":0,"availableReplicas":0}""" },
        ["daemonsets.apps"] = new() { CountsGeneration = true, InitialStatus = """{"currentNumberScheduled":0,"numberMisscheduled":0,"desiredNumberScheduled":0,"numberReady":0}""" },
        ["cronjobs.batch"] = new() { CountsGeneration = true, InitialStatus = "{}" },
        ["persistentvolumes"] = new PersistentVolumeStrategy { ReturnsDeleted = true, ProtectionFinalizer = "kubernetes.io/pv-protection" },
        ["podtemplates"] = new() { CountsGeneration = true, ReturnsDeleted = true },
        ["resourcequotas"] = new() { ReturnsDeleted = true, InitialStatus = "{}" },
        ["serviceaccounts"] = new() { ReturnsDeleted = true },
        ["events"] = new() { CreatesOnUpdate = true },
        ["endpoints"] = new() { CreatesOnUpdate = true },
        ["limitranges"] = new() { CreatesOnUpdate = true },
        ["leases.coordination.k8s.io"] = new() { CreatesOnUpdate = true, AllowsUnconditionalUpdate = false },
        ["endpointslices.discovery.k8s.io"] = new() { CountsGeneration = true },
        ["ingresses.networking.k8s.io"] = new() { CountsGeneration = true, InitialStatus = """{"loadBalancer":{}}""" },
        ["ingressclasses.networking.k8s.io"] = new() { CountsGeneration = true },
        ["networkpolicies.networking.k8s.io"] = new() { CountsGeneration = true },
        ["horizontalpodautoscalers.autoscaling"] = new() { InitialStatus = """{"desiredReplicas":0,"currentMetrics":null}""" },
        ["poddisruptionbudgets.policy"] = new() { CountsGeneration = true, InitialStatus = """{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0}""" },
        ["priorityclasses.scheduling.k8s.io"] = new() { CountsGeneration = true },
        ["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = new() { CountsGeneration = true },
        ["validatingwebhookconfigurations.admissionregistration.k8s.io"] = new() { CountsGeneration = true },
        ["validatingadmissionpolicies.admissionregistration.k8s.io"] = new() { CountsGeneration = true, InitialStatus = "{}" },
        ["validatingadmissionpolicybindings.admissionregistration.k8s.io"] = new() { CountsGeneration = true },
        ["mutatingadmissionpolicies.admissionregistration.k8s.io"] = new() { CountsGeneration = true },
        ["mutatingadmissionpolicybindings.admissionregistration.k8s.io"] = new() { CountsGeneration = true },
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = new() { CountsGeneration = true, InitialStatus = "{}" },
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = new() { CountsGeneration = true, InitialStatus = "{}" },
        ["roles.rbac.authorization.k8s.io"] = new() { CreatesOnUpdate = true },
        ["rolebindings.rbac.authorization.k8s.io"] = new() { CreatesOnUpdate = true },
        ["clusterroles.rbac.authorization.k8s.io"] = new() { CreatesOnUpdate = true },
        ["clusterrolebindings.rbac.authorization.k8s.io"] = new() { CreatesOnUpdate = true },
        ["customresourcedefinitions.apiextensions.k8s.io"] = new CustomResourceDefinitionStrategy { CountsGeneration = true, AllowsUnconditionalUpdate = false },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public Strategy Find(string resource) => strategies.GetValueOrDefault(resource, Plain);
}
