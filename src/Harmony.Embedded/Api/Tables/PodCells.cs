using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>The cells of pods. Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go (printPod).</summary>
internal static class PodCells
{
    public static string Ready(JsonObject pod)
    {
        var (ready, total) = (0, pod.At("spec", "containers").Objects().Count());
        var sidecars = Sidecars(pod);
        total += sidecars.Count;
        ready += pod.At("status", "containerStatuses").Objects().Count(s => s["ready"].AsBool() == true && s.At("state", "running") is not null);
        ready += pod.At("status", "initContainerStatuses").Objects().Count(s => sidecars.Contains(s.Text("name") ?? "") && s["ready"].AsBool() == true);
        return $"{ready}/{total}";
    }

    public static string Status(JsonObject pod)
    {
        var reason = pod.At("status", "reason").AsText() is { Length: > 0 } given ? given : pod.At("status", "phase").AsText() ?? "";
        if (pod.Condition("PodScheduled")?.Text("reason") == "SchedulingGated")
        {
            reason = "SchedulingGated";
        }

        if (InitStatus(pod) is { } initializing)
        {
            reason = initializing;
        }
        else
        {
            reason = ContainerStatus(pod, reason);
        }

        return !pod.IsBeingDeleted ? reason
            : pod.At("status", "reason").AsText() == "NodeLost" ? "Unknown"
            : pod.At("status", "phase").AsText() is "Succeeded" or "Failed" ? reason : "Terminating";
    }

    public static JsonNode? Restarts(JsonObject pod, DateTimeOffset now)
    {
        var sidecars = Sidecars(pod);
        var initializing = InitStatus(pod) is not null;
        var statuses = initializing
            ? pod.At("status", "initContainerStatuses").Objects().ToList()
            : [.. pod.At("status", "containerStatuses").Objects(), .. pod.At("status", "initContainerStatuses").Objects().Where(s => sidecars.Contains(s.Text("name") ?? ""))];
        var count = statuses.Sum(s => s["restartCount"].AsLong() ?? 0);
        var last = statuses.Select(s => s.At("lastState", "terminated", "finishedAt").AsTime()).Max();
        return count > 0 && last is { } then ? $"{count} ({Ages.Human(now - then)} ago)" : $"{count}";
    }

    public static string ReadinessGates(JsonObject pod)
    {
        var gates = pod.At("spec", "readinessGates").Objects().ToList();
        return gates.Count == 0 ? "<none>"
            : $"{gates.Count(g => pod.Condition(g.Text("conditionType") ?? "")?.Text("status") == "True")}/{gates.Count}";
    }

    private static HashSet<string> Sidecars(JsonObject pod) =>
        [.. pod.At("spec", "initContainers").Objects().Where(c => c.Text("restartPolicy") == "Always").Select(c => c.Text("name") ?? "")];

    /// <summary>Null once all init containers are through.</summary>
    private static string? InitStatus(JsonObject pod)
    {
        var sidecars = Sidecars(pod);
        var total = pod.At("spec", "initContainers").Objects().Count();
        var index = 0;
        foreach (var status in pod.At("status", "initContainerStatuses").Objects())
        {
            var at = index++;
            var ended = status.At("state", "terminated") as JsonObject;
            if (ended?["exitCode"].AsLong() == 0 || (sidecars.Contains(status.Text("name") ?? "") && status["started"].AsBool() == true))
            {
                continue;
            }

            if (ended is not null)
            {
                return $"Init:{Ended(ended)}";
            }

            return status.At("state", "waiting", "reason").AsText() is { Length: > 0 } waiting and not "PodInitializing" ? $"Init:{waiting}" : $"Init:{at}/{total}";
        }

        return null;
    }

    private static string ContainerStatus(JsonObject pod, string reason)
    {
        var running = false;
        foreach (var status in pod.At("status", "containerStatuses").Objects().Reverse())
        {
            if (status.At("state", "waiting", "reason").AsText() is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (status.At("state", "terminated") is JsonObject ended)
            {
                reason = Ended(ended);
            }
            else if (status["ready"].AsBool() == true && status.At("state", "running") is not null)
            {
                running = true;
            }
        }

        return reason == "Completed" && running ? pod.Condition("Ready")?.Text("status") == "True" ? "Running" : "NotReady" : reason;
    }

    private static string Ended(JsonObject state) =>
        state.Text("reason") is { Length: > 0 } reason ? reason
        : state["signal"].AsLong() is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{state["exitCode"].AsLong() ?? 0}";
}
