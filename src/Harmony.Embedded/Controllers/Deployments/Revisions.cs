using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Deployments;

/// <summary>What a Deployment notes on its ReplicaSets: which revision they are and how many pods it wanted. <c>kubectl rollout history</c> reads it.</summary>
internal static class Revisions
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string History = "deployment.kubernetes.io/revision-history";
    public const string Desired = "deployment.kubernetes.io/desired-replicas";
    public const string Max = "deployment.kubernetes.io/max-replicas";
    public const string HashLabel = "pod-template-hash";
    private const int MaxHistory = 2000;

    private static readonly HashSet<string> NotCopied = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", Revision, History, Desired, Max, "deprecated.deployment.rollback.to",
    };

    public static long Of(JsonObject set) =>
        long.TryParse(set.Annotation(Revision), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    /// <summary>Gives a ReplicaSet the Deployment's annotations and its revision; says whether that changed anything.</summary>
    public static bool Annotate(JsonObject deployment, JsonObject set, long revision, bool exists)
    {
        var changed = false;
        var annotations = set.Metadata.Child("annotations");
        foreach (var (key, value) in deployment.Annotations)
        {
            if (!NotCopied.Contains(key) && annotations.Text(key) != value)
            {
                annotations[key] = value;
                changed = true;
            }
        }

        var old = Of(set);
        if (old < revision)
        {
            if (exists && old > 0)
            {
                var history = annotations.Text(History) is { Length: > 0 } earlier ? $"{earlier},{old}" : $"{old}";
                annotations[History] = history.Length > MaxHistory ? history[(history.IndexOf(',', history.Length - MaxHistory) + 1)..] : history;
            }

            annotations[Revision] = revision.ToString(CultureInfo.InvariantCulture);
            changed = true;
        }

        return !exists ? SetReplicas(set, deployment) || changed : changed;
    }

    /// <summary>Notes how many pods the Deployment wants; a difference later is what tells scaling from rolling out.</summary>
    public static bool SetReplicas(JsonObject set, JsonObject deployment)
    {
        var annotations = set.Metadata.Child("annotations");
        var desired = Rollout.Replicas(deployment).ToString(CultureInfo.InvariantCulture);
        var max = (Rollout.Replicas(deployment) + Rollout.MaxSurge(deployment)).ToString(CultureInfo.InvariantCulture);
        if (annotations.Text(Desired) == desired && annotations.Text(Max) == max)
        {
            return false;
        }

        annotations[Desired] = desired;
        annotations[Max] = max;
        return true;
    }

    /// <summary>Whether the ReplicaSet's template is the Deployment's, but for the hash label.</summary>
    public static bool SameTemplate(JsonObject deployment, JsonObject set)
    {
        var theirs = set.At("spec", "template")?.DeepClone() as JsonObject ?? [];
        if (theirs.At("metadata", "labels") is JsonObject labels)
        {
            labels.Remove(HashLabel);
        }

        var ours = deployment.At("spec", "template")?.DeepClone() as JsonObject ?? [];
        (ours.At("metadata", "labels") as JsonObject)?.Remove(HashLabel);
        Tidy(theirs);
        Tidy(ours);
        return JsonNode.DeepEquals(ours, theirs);
    }

    private static void Tidy(JsonObject template)
    {
        if (template["metadata"] is JsonObject metadata)
        {
            metadata.Remove("creationTimestamp");
            if (metadata["labels"] is JsonObject { Count: 0 })
            {
                metadata.Remove("labels");
            }
        }
    }
}
