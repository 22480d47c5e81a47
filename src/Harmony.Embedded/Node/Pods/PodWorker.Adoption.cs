using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    /// <summary>Takes over what an earlier process left: from the pod's last status, and from what the runtimes still know.</summary>
    /// <param name="found">The containers of this pod on this node.</param>
    private void Adopt(IReadOnlyList<ContainerRecord> found)
    {
        var status = pod["status"];
        startTime = status.At("startTime").AsTime();
        conditions = status.At("conditions")?.DeepClone() as JsonArray ?? [];
        if (status.At("phase").AsText() is "Succeeded" or "Failed")
        {
            (finalPhase, finalReason, finalMessage) = (status.At("phase").AsText(), status.At("reason").AsText(), status.At("message").AsText());
        }

        foreach (var container in containers)
        {
            var list = status.At(container.Role == ContainerRole.Main ? "containerStatuses" : "initContainerStatuses");
            if (list.Objects().FirstOrDefault(s => s.Text("name") == container.Name) is { } known)
            {
                Recall(container, known);
            }

            Take(container, [.. found.Where(r => r.Name == container.Name).OrderByDescending(r => r.RestartCount)]);
        }

        isInitialized = pod.Condition("Initialized")?.Text("status") == "True" && containers.Exists(c => c.HasRun && c.Role == ContainerRole.Main);
        if (containers.Exists(c => c.IsRunning))
        {
            runtime = FindRuntime(pod);
            address = System.Net.IPAddress.TryParse(status.At("podIP").AsText(), out var known) ? known : null;
            foreach (var container in containers.Where(c => c.IsRunning))
            {
                Watch(container, container.Id!);
            }

            Resume();
        }
        else
        {
            try
            {
                runtime = FindRuntime(pod);
            }
            catch (ContainerException)
            {
                // Preparing the pod will say so.
            }
        }
    }

    private void Take(ContainerState container, List<ContainerRecord> found)
    {
        if (found is [var newest, .. var older] && newest.RestartCount >= container.RestartCount)
        {
            if (container.Id != newest.Id && container.HasRun)
            {
                (container.LastExit, container.LastId) = (container.Exit ?? container.LastExit, container.Id);
            }

            (container.Id, container.RestartCount) = (newest.Id, newest.RestartCount);

            // Also what has ended meanwhile is watched: its end is then reported like any other.
            container.StartedAt = newest.StartedAt;
            container.Exit = null;
            container.WaitingReason = null;
            container.WaitingMessage = null;
            spent.AddRange(older.Select(r => r.Id));
        }
        else if (container.StartedAt is { } begun)
        {
            // The status says that it runs, but it is not there: the machine was started anew, or it lived inside the process that is gone.
            container.StartedAt = null;
            container.Started = false;
            container.Ready = false;
            container.Exit = new(
                137, "ContainerStatusUnknown", begun, Now, "The container could not be located when the pod was deleted.  The container used to be Running");
        }
    }

    private static void Recall(ContainerState container, JsonObject status)
    {
        container.RestartCount = status["restartCount"].AsInt() ?? 0;
        container.Id = IdOf(status.Text("containerID"));
        container.KnownImage = (status.Text("image") ?? "", status.Text("imageID") ?? "");
        if (status.At("lastState", "terminated") is JsonObject last)
        {
            (container.LastExit, container.LastId) = (ExitOf(last), IdOf(last.Text("containerID")));
        }

        if (status.At("state", "terminated") is JsonObject ended)
        {
            container.Exit = ExitOf(ended);
        }
        else if (status.At("state", "running") is { } running)
        {
            container.StartedAt = running.At("startedAt").AsTime() ?? DateTimeOffset.UnixEpoch;
            container.Started = status["started"].AsBool() == true;
            container.Ready = status["ready"].AsBool() == true;
        }
        else if (container.LastExit is not null)
        {
            // It waited for its restart.
            (container.Exit, container.LastExit) = (container.LastExit, null);
        }
    }

    /// <summary>Volumes and network are there; what is refreshed in them is made anew, and the probes go on.</summary>
    private void Resume()
    {
        Operate(async (own, cancellation) =>
        {
            await PrepareAsync(own, cancellation);
            Post(() =>
            {
                foreach (var container in containers.Where(c => c.IsRunning))
                {
                    // What was ready stays so until its probe says otherwise: endpoints do not flap because we were away.
                    var (started, ready) = (container.Started, container.Ready);
                    BeginProbes(container, container.Id!);
                    container.Started |= started;
                    container.Ready |= ready;
                }
            });
        });
    }

    private static ContainerExit ExitOf(JsonObject terminated) => new(
        terminated["exitCode"].AsInt() ?? 0, terminated.Text("reason") ?? "Error", terminated["startedAt"].AsTime() ?? DateTimeOffset.UnixEpoch,
        terminated["finishedAt"].AsTime() ?? DateTimeOffset.UnixEpoch, terminated.Text("message"));

    private static string? IdOf(string? id) => id is { Length: > 0 } && id.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? id[(at + 3)..] : null;
}
