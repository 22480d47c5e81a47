using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers.Deployments;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Disruption;

/// <summary>Counts how many pods of a PodDisruptionBudget may be evicted now; the eviction subresource asks it.</summary>
internal sealed class DisruptionController : Reconciler
{
    private readonly ObjectCache budgets;
    private readonly ObjectCache pods;
    private readonly ObjectCache[] scaled;

    public DisruptionController(ControllerContext context)
        : base("controllermanager", context)
    {
        budgets = Watched(BuiltInResources.PodDisruptionBudgets);
        pods = Cluster.Of(BuiltInResources.Pods);
        pods.Changed += (old, pod) =>
        {
            if (budgets.Count > 0)
            {
                budgets.InNamespace((pod ?? old)!.Namespace ?? "").ToList().ForEach(Enqueue);
            }
        };
        scaled = [Cluster.Of(BuiltInResources.ReplicaSets), Cluster.Of(BuiltInResources.StatefulSets)];
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (budgets.Get(key) is not { } budget)
        {
            return;
        }

        var selector = budget.At("spec", "selector");
        var chosen = selector is JsonObject
            ? pods.InNamespace(key.Namespace).Where(p => !p.IsTerminal && LabelSelector.FromObject(selector).Matches(p)).ToList()
            : [];
        var healthy = chosen.Count(p => p.IsReady && !p.IsBeingDeleted);
        var expected = Expected(chosen);
        var desired = budget.At("spec", "maxUnavailable") is { } most
            ? Math.Max(0, expected - Rollout.Resolve(most, expected, roundUp: true, "0"))
            : Rollout.Resolve(budget.At("spec", "minAvailable"), expected, roundUp: true, "1");
        var allowed = expected > 0 ? Math.Max(0, healthy - desired) : 0;
        var status = new JsonObject
        {
            ["observedGeneration"] = budget.Generation,
            ["disruptionsAllowed"] = allowed,
            ["currentHealthy"] = healthy,
            ["desiredHealthy"] = desired,
            ["expectedPods"] = expected,
        };
        if (budget.At("status", "conditions") is { } conditions)
        {
            status["conditions"] = conditions.DeepClone();
        }

        var condition = allowed > 0
            ? Conditions.New("DisruptionAllowed", "True", "SufficientPods", "", Context.Time.Stamp())
            : Conditions.New("DisruptionAllowed", "False", "InsufficientPods", "", Context.Time.Stamp());
        condition["observedGeneration"] = budget.Generation;
        Conditions.Set(status, condition);
        await UpdateStatusAsync(BuiltInResources.PodDisruptionBudgets, budget, status, cancellation);
    }

    /// <summary>What the pods' workloads want; a pod of no such workload counts as itself.</summary>
    private long Expected(List<JsonObject> chosen)
    {
        var owners = new HashSet<string>(StringComparer.Ordinal);
        var expected = 0L;
        foreach (var pod in chosen)
        {
            if (scaled.Select(s => OwnerIn(s, pod)).FirstOrDefault(o => o is not null) is { } owner)
            {
                expected += owners.Add(owner.Uid) ? Rollout.Replicas(owner) : 0;
            }
            else
            {
                expected++;
            }
        }

        return expected;
    }
}
