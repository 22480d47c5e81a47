using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers.CronJobs;
using Harmony.Embedded.Controllers.DaemonSets;
using Harmony.Embedded.Controllers.Deployments;
using Harmony.Embedded.Controllers.Disruption;
using Harmony.Embedded.Controllers.Endpoints;
using Harmony.Embedded.Controllers.Events;
using Harmony.Embedded.Controllers.GarbageCollection;
using Harmony.Embedded.Controllers.Jobs;
using Harmony.Embedded.Controllers.Namespaces;
using Harmony.Embedded.Controllers.ReplicaSets;
using Harmony.Embedded.Controllers.ResourceQuotas;
using Harmony.Embedded.Controllers.StatefulSets;
using Harmony.Embedded.Controllers.Volumes;
using Harmony.Embedded.Scheduling;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Controllers;

/// <summary>The controllers of the embedded runtime, as kube-controller-manager and kube-scheduler are those of a cluster.</summary>
public static class EmbeddedControllers
{
    /// <summary>All of them, on one loop.</summary>
    /// <param name="volumes">The folder that claims' volumes are made in.</param>
    /// <param name="certificate">The API's certificate authority, PEM, for <c>kube-root-ca.crt</c>.</param>
    public static ControllerHost Create(IClusterClient client, TimeProvider time, ILogger? log, string volumes, string certificate) =>
        new("controllers", client, time, log, context => All(context, volumes, certificate));

    internal static IReadOnlyList<Reconciler> All(ControllerContext context, string volumes, string certificate)
    {
        var kinds = new WatchedKinds(context);
        return
        [
            new NamespaceDefaults(context, certificate),
            new DeploymentController(context),
            new ReplicaSetController(context),
            new StatefulSetController(context),
            new DaemonSetController(context),
            new JobController(context),
            new CronJobController(context),
            new DisruptionController(context),
            new EventExpiry(context),
            new VolumeController(context, volumes),
            new EndpointsController(context),
            new ResourceQuotaController(context, kinds),
            new GarbageCollector(context, kinds),
            new NamespaceController(context, kinds),
            new Scheduler(context),
        ];
    }
}
