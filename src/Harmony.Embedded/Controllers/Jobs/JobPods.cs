using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

/// <summary>The pods of a Job.</summary>
internal static class JobPods
{
    /// <summary>Keeps a pod until its end was counted.</summary>
    public const string Tracking = "batch.kubernetes.io/job-tracking";

    public static bool IsIndexed(JsonObject job) => job.At("spec", "completionMode").AsText() == "Indexed";

    public static JsonObject New(JsonObject job, int? index)
    {
        var pod = PodTemplate.NewPod(job.At("spec", "template") as JsonObject ?? [], job);
        Finalizers.Add(pod, Tracking);
        if (index is { } number)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            pod.Metadata["generateName"] = $"{job.Name}-{text}-";
            pod.Metadata.Child("annotations")[JobIndexes.Annotation] = text;
            pod.Metadata.Child("labels")[JobIndexes.Annotation] = text;
            pod.Child("spec")["hostname"] = $"{job.Name}-{text}";
            foreach (var container in pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()))
            {
                var env = container.List("env");
                if (!env.Objects().Any(e => e.Text("name") == "JOB_COMPLETION_INDEX"))
                {
                    env.Add((JsonNode)new JsonObject
                    {
                        ["name"] = "JOB_COMPLETION_INDEX",
                        ["valueFrom"] = new JsonObject
                        {
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = $"metadata.labels['{JobIndexes.Annotation}']" },
                        },
                    });
                }
            }
        }

        return pod;
    }

    /// <summary>A pod that somebody deletes before it succeeded has failed, as far as its Job is concerned.</summary>
    public static bool HasFailed(JsonObject pod, JsonObject job) =>
        pod.Phase == "Failed" || (pod.IsBeingDeleted && pod.Phase != "Succeeded" && job.At("spec", "podReplacementPolicy").AsText() != "Failed" && !HasPolicy(job));

    public static bool HasPolicy(JsonObject job) => job.At("spec", "podFailurePolicy") is JsonObject;

    /// <summary>When it ended: its last container's end, or now.</summary>
    public static DateTimeOffset Finished(JsonObject pod, DateTimeOffset now) =>
        pod.At("status", "containerStatuses").Objects().Select(c => c.At("state", "terminated", "finishedAt").AsTime()).Max()
        ?? pod.At("metadata", "deletionTimestamp").AsTime()
        ?? pod.Condition("Ready")?["lastTransitionTime"].AsTime()
        ?? now;
}
