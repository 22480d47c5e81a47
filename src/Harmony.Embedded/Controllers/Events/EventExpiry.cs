using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Events;

/// <summary>Deletes events after an hour, which etcd's leases do in a real cluster.</summary>
internal sealed class EventExpiry(ControllerContext context) : Reconciler("event-expiry", context)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly NamespacedName Everything = new("", "events");

    /// <summary>Looked at in bulk: a watch of every event would cost more than the events do.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    public override void Start()
    {
        Enqueue(Everything);
        base.Start();
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        EnqueueAfter(Everything, Pause);
        foreach (var e in Cluster.ListLive(BuiltInResources.Events))
        {
            if (Latest(e) + Lifetime < Now)
            {
                await Cluster.DeleteAsync(BuiltInResources.Events, e, cancellation);
            }
        }
    }

    private DateTimeOffset Latest(JsonObject e) =>
        e.At("series", "lastObservedTime").AsTime() ?? e["lastTimestamp"].AsTime() ?? e["eventTime"].AsTime() ?? e.Created() ?? Now;
}
