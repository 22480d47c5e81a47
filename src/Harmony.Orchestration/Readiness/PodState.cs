using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Readiness;

/// <summary>Reads one pod for people: how far it is, what it waits for.</summary>
public static class PodState
{
    private static readonly HashSet<string> Faults = new(StringComparer.Ordinal)
    {
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
        "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "RuntimeMissing",
    };

    public static bool IsReady(JsonObject pod) =>
        !pod.IsBeingDeleted && pod.Status?.Text("phase") == "Running" && pod.Condition("Ready")?.Text("status") == "True";

    public static int Restarts(JsonObject pod) => ContainerStatuses(pod).Sum(c => c["restartCount"].AsInt() ?? 0);

    public static IEnumerable<string> Images(JsonObject pod) => pod.At("spec", "containers").Objects().Select(c => c.Text("image") ?? "");

    /// <summary>The statuses of init containers first, then of the others.</summary>
    public static IEnumerable<JsonObject> ContainerStatuses(JsonObject pod) =>
        pod.At("status", "initContainerStatuses").Objects().Concat(pod.At("status", "containerStatuses").Objects());

    public static bool IsFault(string? waitingReason) => waitingReason is not null && Faults.Contains(waitingReason);

    public static (WorkloadStage Stage, string? Detail) Describe(JsonObject pod)
    {
        if (pod.Condition("PodScheduled") is { } scheduled && scheduled.Text("status") == "False")
        {
            return (WorkloadStage.Waiting, scheduled.Text("message") ?? "waits for a node");
        }

        if (pod.Status?.Text("phase") == "Failed")
        {
            return (WorkloadStage.Failing, pod.At("status", "message").AsText() ?? pod.At("status", "reason").AsText() ?? "failed");
        }

        foreach (var container in ContainerStatuses(pod))
        {
            var name = container.Text("name");
            if (container.At("state", "waiting", "reason").AsText() is { } reason && reason is not "PodInitializing")
            {
                return IsFault(reason)
                    ? (WorkloadStage.Failing, $"container {name}: {reason}")
                    : (container.At("lastState", "terminated") is null ? WorkloadStage.Pulling : WorkloadStage.Starting, $"container {name}: {reason}");
            }

            if (container.At("state", "terminated", "exitCode").AsInt() is { } code and not 0)
            {
                return (WorkloadStage.Failing, $"container {name} ended with {code}");
            }

            if (container.At("state", "running") is not null && container["ready"].AsBool() == false && container["started"].AsBool() == false)
            {
                return (WorkloadStage.Starting, $"container {name} is starting");
            }
        }

        return pod.Status?.Text("phase") == "Running"
            ? (WorkloadStage.Probing, "runs, waiting for its probes")
            : (WorkloadStage.Waiting, "waits for its containers");
    }
}
