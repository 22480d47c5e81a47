using Harmony.Embedded.Api;

namespace Harmony.Embedded.Controllers;

/// <summary>The built-in kinds whose objects are stored and can be watched.</summary>
internal static class BuiltInKinds
{
    public static IReadOnlyList<ApiResource> Stored { get; } =
    [
        BuiltInResources.Namespaces, BuiltInResources.Pods, BuiltInResources.Nodes, BuiltInResources.Services, BuiltInResources.Endpoints,
        BuiltInResources.ConfigMaps, BuiltInResources.Secrets, BuiltInResources.ServiceAccounts, BuiltInResources.PersistentVolumes,
        BuiltInResources.PersistentVolumeClaims, BuiltInResources.Events, BuiltInResources.Deployments, BuiltInResources.ReplicaSets,
        BuiltInResources.StatefulSets, BuiltInResources.DaemonSets, BuiltInResources.ControllerRevisions, BuiltInResources.Jobs, BuiltInResources.CronJobs,
        BuiltInResources.EndpointSlices, BuiltInResources.StorageClasses, BuiltInResources.Leases, BuiltInResources.RuntimeClasses,
        BuiltInResources.CustomResourceDefinitions,
    ];
}
