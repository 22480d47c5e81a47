using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Diagnosis;

/// <summary>Finds what keeps one pod of a workload from being ready, from its status and its events.</summary>
internal static class PodDiagnosis
{
    /// <summary>How many restarts make a crash loop hopeless, when nothing else is still on its way.</summary>
    private const int HopelessRestarts = 3;

    public static IEnumerable<Finding> Of(ObjectId workload, JsonObject pod, ProjectSnapshot snapshot)
    {
        if (PodState.IsReady(pod) || pod.IsBeingDeleted)
        {
            yield break;
        }

        if (pod.Condition("PodScheduled") is { } scheduled && scheduled.Text("status") == "False" && scheduled.Text("reason") == "Unschedulable")
        {
            var message = scheduled.Text("message") ?? "";
            // An unbound claim is the claim's own finding, and may still be bound.
            var claims = message.Contains("PersistentVolumeClaim", StringComparison.OrdinalIgnoreCase);
            yield return new(FindingCode.Unschedulable, workload, [message]) { Pod = pod.Name, Patience = claims ? null : FindingCatalog.Hopeless };
            yield break;
        }

        if (pod.Status?.Text("reason") == "Evicted")
        {
            yield return new(FindingCode.Evicted, workload, [pod.Status?.Text("message") ?? "Evicted"]) { Pod = pod.Name };
            yield break;
        }

        var found = false;
        foreach (var (status, isInit) in Statuses(pod))
        {
            if (OfContainer(workload, pod, status, isInit, snapshot) is { } finding)
            {
                found = true;
                yield return finding;
            }
        }

        if (found)
        {
            yield break;
        }

        var warning = snapshot.EventsOf(pod).LastOrDefault(e => e.Text("type") == "Warning");
        switch (warning?.Text("reason"))
        {
            case "FailedMount" or "FailedAttachVolume":
                yield return new(FindingCode.VolumeNotMounted, workload, [warning.Text("message") ?? ""]) { Pod = pod.Name };
                break;
            case "FailedCreatePodSandBox":
                yield return new(FindingCode.ContainerNotCreated, workload, [warning.Text("message") ?? ""]) { Pod = pod.Name };
                break;
            case "Unhealthy" when pod.Status?.Text("phase") == "Running":
                yield return new(FindingCode.ProbeFailing, workload, [warning.Text("message") ?? ""])
                {
                    Pod = pod.Name,
                    Container = NotReady(pod),
                    WantsLog = true,
                };
                break;
        }
    }

    private static string? NotReady(JsonObject pod) =>
        pod.At("status", "containerStatuses").Objects().FirstOrDefault(c => c["ready"].AsBool() != true)?.Text("name");

    private static IEnumerable<(JsonObject Status, bool IsInit)> Statuses(JsonObject pod) =>
        pod.At("status", "initContainerStatuses").Objects().Select(s => (s, true))
            .Concat(pod.At("status", "containerStatuses").Objects().Select(s => (s, false)));

    private static Finding? OfContainer(ObjectId workload, JsonObject pod, JsonObject status, bool isInit, ProjectSnapshot snapshot)
    {
        var name = status.Text("name") ?? "";
        var reason = status.At("state", "waiting", "reason").AsText();
        var message = status.At("state", "waiting", "message").AsText() ?? "";
        switch (reason)
        {
            case "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull" or "InvalidImageName" or "ImageInspectError" or "RegistryUnavailable":
                return new(ImageFault.Classify(reason, message), workload, [message]) { Pod = pod.Name, Container = name, Image = status.Text("image") };
            case "CreateContainerConfigError":
                var absent = message.Contains("not found", StringComparison.Ordinal) || message.Contains("couldn't find key", StringComparison.Ordinal);
                return new(absent ? FindingCode.ConfigurationMissing : FindingCode.ContainerNotCreated, workload, [message]) { Pod = pod.Name, Container = name };
            case "RuntimeMissing":
                return new(FindingCode.RuntimeMissing, workload, [message]) { Pod = pod.Name, Container = name };
            case "CreateContainerError" or "RunContainerError":
                var missing = IsMissingCommand(message);
                return new(missing ? FindingCode.CommandNotFound : FindingCode.ContainerNotCreated, workload, [message]) { Pod = pod.Name, Container = name };
        }

        var ended = status.At("state", "terminated") ?? (reason == "CrashLoopBackOff" || status.At("state", "running") is null || status["ready"].AsBool() == false ? status.At("lastState", "terminated") : null);
        var restarts = status["restartCount"].AsInt() ?? 0;
        return ended is JsonObject terminated ? OfEnd(workload, pod, name, isInit, terminated, restarts, reason, snapshot) : null;
    }

    private static Finding? OfEnd(ObjectId workload, JsonObject pod, string container, bool isInit, JsonObject terminated, int restarts, string? waiting, ProjectSnapshot snapshot)
    {
        var exitCode = terminated["exitCode"].AsInt() ?? 0;
        var message = terminated.Text("message") ?? "";
        if (exitCode == 0 && (isInit || workload.Kind is "Job" or "CronJob" || restarts == 0))
        {
            return null;
        }

        var evidence = new List<string> { $"{(isInit ? "init container" : "container")} {container} ended with exit code {exitCode}{Signal(exitCode)}, restarted {restarts} times" };
        if (message.Length > 0)
        {
            evidence.Add(message.Trim());
        }

        // The kubelet ends what fails a liveness or startup probe: the exit is its doing.
        var probe = exitCode is 137 or 143 && terminated.Text("reason") != "OOMKilled"
            ? snapshot.EventsOf(pod).LastOrDefault(e => e.Text("reason") == "Unhealthy" && e.Text("message") is { } m && (m.StartsWith("Liveness", StringComparison.Ordinal) || m.StartsWith("Startup", StringComparison.Ordinal)))
            : null;
        if (probe?.Text("message") is { } failure)
        {
            evidence.Insert(0, failure);
        }

        var code = exitCode switch
        {
            _ when terminated.Text("reason") == "OOMKilled" => FindingCode.OutOfMemory,
            _ when probe is not null => FindingCode.ProbeFailing,
            126 or 127 => FindingCode.CommandNotFound,
            _ when IsMissingCommand(message) => FindingCode.CommandNotFound,
            _ when terminated.Text("reason") is "StartError" or "ContainerCannotRun" => FindingCode.ContainerNotCreated,
            _ when isInit => FindingCode.InitContainerFailed,
            0 => FindingCode.EndsAtOnce,
            _ => FindingCode.CrashLoop,
        };
        return new(code, workload, evidence)
        {
            Pod = pod.Name,
            Container = container,
            WantsLog = true,
            // While the container waits for its next start its own log is the last one; once it runs again the last one is the previous.
            PreviousLog = waiting is null && terminated.Parent?.Parent is JsonObject status && status.At("state", "running") is not null,
            Patience = restarts >= (FindingCatalog.Of(code).Patience == FindingCatalog.Hopeless ? 1 : HopelessRestarts) ? FindingCatalog.Hopeless : null,
        };
    }

    private static bool IsMissingCommand(string message) =>
        message.Contains("executable file not found", StringComparison.Ordinal)
        || message.Contains("no such file or directory", StringComparison.Ordinal) && message.Contains("exec", StringComparison.Ordinal)
        || message.Contains("exec format error", StringComparison.Ordinal)
        || message.Contains("permission denied", StringComparison.Ordinal) && message.Contains("exec", StringComparison.Ordinal);

    private static string Signal(int exitCode) => exitCode switch
    {
        137 => " (SIGKILL)",
        139 => " (SIGSEGV: the program crashed)",
        143 => " (SIGTERM)",
        134 => " (SIGABRT)",
        _ => "",
    };
}
