using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Strategies;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Quotas;

/// <summary>
/// Admission by ResourceQuota: a new object must fit into what the quotas of its namespace leave. What is used is counted anew each time, with one
/// creation after the other in a namespace that has quotas, so that no two take the same rest. Source: kube's plugin/pkg/admission/resourcequota.
/// </summary>
internal sealed class QuotaAdmission(ClusterState cluster)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> gates = new(StringComparer.Ordinal);

    /// <summary>Admits, and keeps others from creating until disposed of; null where no quota is concerned.</summary>
    /// <exception cref="ApiException">403 with kube's words.</exception>
    public async ValueTask<IDisposable?> AdmitAsync(ApiResource resource, string? ns, JsonObject obj, CancellationToken cancellation)
    {
        if (ns is null || cluster.List(BuiltInResources.ResourceQuotas, ns).Count == 0)
        {
            return null;
        }

        var gate = gates.GetOrAdd(ns, _ => new(1, 1));
        await gate.WaitAsync(cancellation);
        try
        {
            Check(resource, ns, obj);
            return new Pass(gate);
        }
        catch
        {
            gate.Release();
            throw;
        }
    }

    private void Check(ApiResource resource, string ns, JsonObject obj)
    {
        var now = cluster.Time.GetUtcNow();
        var wanted = QuotaUsage.Of(resource, obj, now);
        foreach (var quota in cluster.List(BuiltInResources.ResourceQuotas, ns).Select(q => q.ToTree()).OrderBy(q => q.Name, StringComparer.Ordinal))
        {
            if (quota.At("spec", "hard") is not JsonObject hard || !QuotaScope.Selects(quota, resource, obj))
            {
                continue;
            }

            if (resource == BuiltInResources.Pods && QuotaUsage.Missing(obj, hard.Select(h => h.Key)) is { } missing)
            {
                throw ApiErrors.Forbidden(resource, obj.Name, $"failed quota: {quota.Name}: must specify {missing}");
            }

            var asked = wanted.Where(w => w.Value > Quantity.Zero && hard.ContainsKey(w.Key)).OrderBy(w => w.Key, StringComparer.Ordinal).ToList();
            if (asked.Count == 0)
            {
                continue;
            }

            var used = new Dictionary<string, Quantity>(StringComparer.Ordinal);
            foreach (var present in cluster.List(resource, ns).Select(p => p.ToTree()).Where(p => QuotaScope.Selects(quota, resource, p)))
            {
                Scheduling.Amounts.Add(used, QuotaUsage.Of(resource, present, now));
            }

            var over = asked.Where(a => used.GetValueOrDefault(a.Key) + a.Value > (hard[a.Key].AsQuantity() ?? Quantity.Zero)).Select(a => a.Key).ToList();
            if (over.Count > 0)
            {
                string Shown(Func<string, Quantity> amount) => string.Join(',', over.Select(o => $"{o}={amount(o)}"));
                throw ApiErrors.Forbidden(
                    resource, obj.Name,
                    $"exceeded quota: {quota.Name}, requested: {Shown(o => wanted[o])}, used: {Shown(o => used.GetValueOrDefault(o))}, limited: {Shown(o => hard[o].AsQuantity() ?? Quantity.Zero)}");
            }
        }
    }

    private sealed class Pass(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
