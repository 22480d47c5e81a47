using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Quotas;
using Harmony.Embedded.Scheduling;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.ResourceQuotas;

/// <summary>Says in the status of each ResourceQuota how much of it is used. Admission counts for itself.</summary>
internal sealed class ResourceQuotaController : Reconciler
{
    private readonly ObjectCache quotas;
    private readonly WatchedKinds kinds;

    public ResourceQuotaController(ControllerContext context, WatchedKinds kinds)
        : base("resourcequota-controller", context)
    {
        this.kinds = kinds;
        quotas = Watched(BuiltInResources.ResourceQuotas);
        kinds.Changed += (resource, old, current) =>
        {
            if (quotas.Count > 0 && resource.Namespaced && (old is null || current is null || resource == BuiltInResources.Pods || resource == BuiltInResources.Services))
            {
                quotas.InNamespace((current ?? old)!.Namespace ?? "").ToList().ForEach(Enqueue);
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (quotas.Get(key) is not { } quota || quota.At("spec", "hard") is not JsonObject hard)
        {
            return;
        }

        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var objects = 0;
        foreach (var resource in kinds.All.Where(r => r.Namespaced && Concerns(r, hard)).DistinctBy(r => r.Name).ToList())
        {
            foreach (var obj in Cluster.Of(resource).InNamespace(key.Namespace).Where(o => QuotaScope.Selects(quota, resource, o)))
            {
                objects++;
                Amounts.Add(total, QuotaUsage.Of(resource, obj, Now));
            }
        }

        Gather(key, objects);
        var used = new JsonObject();
        foreach (var (name, _) in hard)
        {
            used[name] = total.GetValueOrDefault(name).ToString();
        }

        await UpdateStatusAsync(BuiltInResources.ResourceQuotas, quota, new() { ["hard"] = hard.DeepClone(), ["used"] = used }, cancellation);
    }

    /// <summary>Whether objects of the kind can use anything of the quota.</summary>
    private static bool Concerns(ApiResource resource, JsonObject hard) => hard.Any(h =>
        h.Key == $"count/{resource.Name}" || (resource.Group.Length == 0 && !h.Key.StartsWith("count/", StringComparison.Ordinal)
        && resource.Plural is "pods" or "services" or "configmaps" or "secrets" or "persistentvolumeclaims" or "replicationcontrollers" or "resourcequotas"));
}
