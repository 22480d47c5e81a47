using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers.Deployments;
using Harmony.Embedded.Controllers.ReplicaSets;
using Harmony.Embedded.Scheduling;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Controllers;

/// <summary>The controllers of the embedded runtime, as kube-controller-manager and kube-scheduler are those of a cluster.</summary>
public static class EmbeddedControllers
{
    /// <summary>All of them, on one loop.</summary>
    /// <param name="volumes">The folder that claims' volumes are made in.</param>
    public static ControllerHost Create(IClusterClient client, TimeProvider time, ILogger? log, string volumes) =>
        new("controllers", client, time, log, context => All(context, volumes));

    internal static IReadOnlyList<Reconciler> All(ControllerContext context, string volumes) =>
    [
        new DeploymentController(context),
        new ReplicaSetController(context),
        new Scheduler(context),
    ];
}
