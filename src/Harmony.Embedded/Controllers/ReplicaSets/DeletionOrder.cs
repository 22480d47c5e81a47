using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.ReplicaSets;

/// <summary>
/// Which pod a workload can best do without comes first: not yet scheduled, not running, not ready, cheap by its own word, ready or made most recently,
/// restarted most. Source: kube's ActivePodsWithRanks.
/// </summary>
internal sealed class DeletionOrder : IComparer<JsonObject>
{
    public static DeletionOrder Instance { get; } = new();

    public int Compare(JsonObject? x, JsonObject? y)
    {
        if (x is null || y is null)
        {
            return 0;
        }

        return First(
            (x.NodeName is not null).CompareTo(y.NodeName is not null),
            Rank(x.Phase).CompareTo(Rank(y.Phase)),
            x.IsReady.CompareTo(y.IsReady),
            Cost(x).CompareTo(Cost(y)),
            Nullable.Compare(ReadySince(y), ReadySince(x)),
            y.Restarts.CompareTo(x.Restarts),
            Nullable.Compare(y.Created(), x.Created()),
            string.CompareOrdinal(y.Name, x.Name));
    }

    private static int First(params ReadOnlySpan<int> comparisons)
    {
        foreach (var comparison in comparisons)
        {
            if (comparison != 0)
            {
                return comparison;
            }
        }

        return 0;
    }

    private static int Rank(string phase) => phase switch { "Pending" => 0, "Unknown" => 1, _ => 2 };

    private static int Cost(JsonObject pod) =>
        int.TryParse(pod.Annotation("controller.kubernetes.io/pod-deletion-cost"), CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    private static DateTimeOffset? ReadySince(JsonObject pod) => pod.IsReady ? pod.Condition("Ready")?["lastTransitionTime"].AsTime() : null;
}
