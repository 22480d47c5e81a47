using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>What a Deployment says of its rollout. Source: kube's deployment/progress.go and sync.go.</summary>
internal static class DeploymentStatus
{
    public const string Progressing = "Progressing";
    public const string TimedOut = "ProgressDeadlineExceeded";
    public const string Done = "NewReplicaSetAvailable";

    /// <summary>The counts and the Available condition; other conditions are kept.</summary>
    public static JsonObject Count(JsonObject deployment, IReadOnlyList<JsonObject> all, JsonObject? current, string now)
    {
        var replicas = all.Sum(Rollout.Replicas);
        var available = all.Sum(s => Rollout.StatusCount(s, "availableReplicas"));
        var status = new JsonObject { ["observedGeneration"] = deployment.Generation };
        Counts.Put(status, "replicas", all.Sum(s => Rollout.StatusCount(s, "replicas")));
        Counts.Put(status, "updatedReplicas", current is null ? 0 : Rollout.StatusCount(current, "replicas"));
        Counts.Put(status, "readyReplicas", all.Sum(s => Rollout.StatusCount(s, "readyReplicas")));
        Counts.Put(status, "availableReplicas", available);
        Counts.Put(status, "unavailableReplicas", Math.Max(0, replicas - available));
        status["terminatingReplicas"] = all.Sum(s => Rollout.StatusCount(s, "terminatingReplicas"));
        if (deployment.At("status", "conditions") is { } conditions)
        {
            status["conditions"] = conditions.DeepClone();
        }

        if (deployment.At("status", "collisionCount").AsLong() is { } collisions)
        {
            status["collisionCount"] = collisions;
        }

        var enough = available >= Rollout.Replicas(deployment) - Rollout.MaxUnavailable(deployment);
        Set(status, enough
            ? New("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
            : New("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now));
        return status;
    }

    public static bool IsComplete(JsonObject deployment, JsonObject status)
    {
        var wanted = Rollout.Replicas(deployment);
        return At(status, "updatedReplicas") == wanted && At(status, "replicas") == wanted && At(status, "availableReplicas") == wanted
            && At(status, "observedGeneration") >= deployment.Generation;
    }

    public static bool HasProgressed(JsonObject old, JsonObject status) =>
        At(status, "updatedReplicas") > At(old, "updatedReplicas")
        || At(status, "replicas") - At(status, "updatedReplicas") < At(old, "replicas") - At(old, "updatedReplicas")
        || At(status, "readyReplicas") > At(old, "readyReplicas")
        || At(status, "availableReplicas") > At(old, "availableReplicas");

    /// <summary>How long until a rollout without progress has failed; null where none is under way.</summary>
    public static TimeSpan? UntilTimedOut(JsonObject deployment, JsonObject status, DateTimeOffset now)
    {
        if (Deadline(deployment) is not { } deadline || Conditions.Find(status, Progressing) is not { } condition
            || condition.Text("reason") is Done or TimedOut or "DeploymentPaused")
        {
            return null;
        }

        return (condition["lastUpdateTime"].AsTime() ?? now) + deadline - now;
    }

    /// <summary>Null where the Deployment has none (the largest number means that).</summary>
    public static TimeSpan? Deadline(JsonObject deployment) =>
        deployment.At("spec", "progressDeadlineSeconds").AsLong() is { } seconds and not int.MaxValue ? TimeSpan.FromSeconds(seconds) : null;

    public static JsonObject New(string type, string status, string reason, string message, string now) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["lastUpdateTime"] = now,
        ["lastTransitionTime"] = now,
        ["reason"] = reason,
        ["message"] = message,
    };

    /// <summary>Puts the condition in; one that says the same already stays as it is, times and all.</summary>
    public static void Set(JsonObject status, JsonObject condition)
    {
        var known = Conditions.Find(status, condition.Text("type")!);
        if (known is null || known.Text("status") != condition.Text("status") || known.Text("reason") != condition.Text("reason"))
        {
            Replace(status, condition);
        }
    }

    /// <summary>Puts the condition in, last, with a new update time also where it says the same.</summary>
    public static void Replace(JsonObject status, JsonObject condition)
    {
        var type = condition.Text("type")!;
        if (Conditions.Find(status, type) is { } known && known.Text("status") == condition.Text("status"))
        {
            condition["lastTransitionTime"] = known["lastTransitionTime"]?.DeepClone();
        }

        Conditions.Remove(status, type);
        status.List("conditions").Add((JsonNode)condition);
    }

    public static long At(JsonObject? status, string name) => status?[name].AsLong() ?? 0;
}
