using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>The arithmetic of a rolling update. Source: kube's deployment/util.</summary>
internal static class Rollout
{
    public static long Replicas(JsonObject workload) => workload.At("spec", "replicas").AsLong() ?? 1;

    public static long StatusCount(JsonObject set, string name) => set.At("status", name).AsLong() ?? 0;

    public static bool IsRolling(JsonObject deployment) => deployment.At("spec", "strategy", "type").AsText() is null or "RollingUpdate";

    /// <summary>A count, or a percentage of the total, rounded up or down.</summary>
    public static long Resolve(JsonNode? value, long total, bool roundUp, string fallback)
    {
        if (value.AsLong() is { } count)
        {
            return count;
        }

        var text = value.AsText() ?? fallback;
        if (!text.EndsWith('%') || !decimal.TryParse(text[..^1], NumberStyles.Integer, CultureInfo.InvariantCulture, out var percent))
        {
            return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var plain) ? plain : 0;
        }

        var exact = percent * total / 100m;
        return (long)(roundUp ? Math.Ceiling(exact) : Math.Floor(exact));
    }

    public static long MaxSurge(JsonObject deployment) => IsRolling(deployment)
        ? Resolve(deployment.At("spec", "strategy", "rollingUpdate", "maxSurge"), Replicas(deployment), roundUp: true, "25%")
        : 0;

    public static long MaxUnavailable(JsonObject deployment)
    {
        var replicas = Replicas(deployment);
        if (!IsRolling(deployment) || replicas == 0)
        {
            return 0;
        }

        var unavailable = Resolve(deployment.At("spec", "strategy", "rollingUpdate", "maxUnavailable"), replicas, roundUp: false, "25%");

        // With neither a surge nor a gap allowed nothing could ever move.
        return Math.Min(replicas, unavailable == 0 && MaxSurge(deployment) == 0 ? 1 : unavailable);
    }

    /// <summary>How many pods the new ReplicaSet may have now.</summary>
    public static long NewReplicas(JsonObject deployment, IEnumerable<JsonObject> all, long current)
    {
        if (!IsRolling(deployment))
        {
            return Replicas(deployment);
        }

        var room = Replicas(deployment) + MaxSurge(deployment) - all.Sum(Replicas);
        return room <= 0 ? current : current + Math.Min(room, Replicas(deployment) - current);
    }

    /// <summary>Whether the ReplicaSet has reached the Deployment's size and is fully available.</summary>
    public static bool IsSaturated(JsonObject deployment, JsonObject? set) =>
        set is not null
        && Replicas(set) == Replicas(deployment)
        && set.Annotation(Revisions.Desired) == Replicas(deployment).ToString(CultureInfo.InvariantCulture)
        && StatusCount(set, "availableReplicas") == Replicas(deployment);
}
