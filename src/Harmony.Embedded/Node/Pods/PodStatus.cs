using System.Text.Json.Nodes;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

/// <summary>Writes a pod's status from what the worker knows, as the kubelet does.</summary>
internal static class PodStatus
{
    public const string IdScheme = "harmony://";

    public static JsonObject ContainerStatus(ContainerState container, bool isInitialized)
    {
        var status = new JsonObject
        {
            ["name"] = container.Name,
            ["state"] = State(container, isInitialized),
            ["lastState"] = container.WaitingReason is not null && container.Exit is { } ended ? Terminated(ended, container.Id)
                : container.LastExit is { } last ? Terminated(last, container.LastId) : new JsonObject(),
            ["ready"] = IsReady(container),
            ["restartCount"] = container.RestartCount,
            ["image"] = container.Image?.Reference ?? container.KnownImage?.Image ?? container.Spec.Text("image") ?? "",
            ["imageID"] = container.Image is { } image ? ImageId(image.Reference, image.Digest) : container.KnownImage?.ImageId ?? "",
        };
        if (container.Id is not null)
        {
            status["containerID"] = IdScheme + container.Id;
        }

        status["started"] = container.IsRunning && container.Started;
        if (container.Id is not null)
        {
            status["resources"] = container.Spec["resources"]?.DeepClone() ?? new JsonObject();
        }

        if (container.Spec["volumeMounts"] is JsonArray { Count: > 0 } mounts)
        {
            status["volumeMounts"] = new JsonArray([.. mounts.OfType<JsonObject>().Select(MountStatus)]);
        }

        return status;
    }

    public static bool IsReady(ContainerState container) => container.Role switch
    {
        ContainerRole.Init => container.Exit is { ExitCode: 0 },
        _ => container.IsRunning && container.Ready,
    };

    /// <summary>A condition, keeping the time of its last change from the one before it.</summary>
    public static JsonObject Condition(JsonNode? before, string type, bool holds, string? reason, string? message, long generation, DateTimeOffset now)
    {
        var status = holds ? "True" : "False";
        var old = before.Objects().FirstOrDefault(c => c.Text("type") == type);
        var condition = new JsonObject
        {
            ["type"] = type,
            ["observedGeneration"] = generation,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = old is not null && old.Text("status") == status && old.Text("lastTransitionTime") is { } at ? at : Timestamps.Format(now),
        };
        if (generation == 0)
        {
            condition.Remove("observedGeneration");
        }

        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }

    public static JsonObject Terminated(ContainerExit exit, string? id)
    {
        var terminated = new JsonObject { ["exitCode"] = exit.ExitCode, ["reason"] = exit.Reason };
        if (exit.Message is { Length: > 0 } message)
        {
            terminated["message"] = message;
        }

        terminated["startedAt"] = Timestamps.Format(exit.StartedAt);
        terminated["finishedAt"] = Timestamps.Format(exit.FinishedAt);
        if (id is not null)
        {
            terminated["containerID"] = IdScheme + id;
        }

        return new() { ["terminated"] = terminated };
    }

    private static JsonObject State(ContainerState container, bool isInitialized)
    {
        if (container.IsRunning)
        {
            return new() { ["running"] = new JsonObject { ["startedAt"] = Timestamps.Format(container.StartedAt!.Value) } };
        }

        if (container.WaitingReason is null && container.Exit is { } exit)
        {
            return Terminated(exit, container.Id);
        }

        var waiting = new JsonObject { ["reason"] = container.WaitingReason ?? (isInitialized ? "ContainerCreating" : "PodInitializing") };
        if (container.WaitingMessage is { } message)
        {
            waiting["message"] = message;
        }

        return new() { ["waiting"] = waiting };
    }

    private static JsonNode MountStatus(JsonObject mount)
    {
        var status = new JsonObject { ["name"] = mount.Text("name"), ["mountPath"] = mount.Text("mountPath") };
        if (mount["readOnly"].AsBool() == true)
        {
            status["readOnly"] = true;
            status["recursiveReadOnly"] = "Disabled";
        }

        return status;
    }

    private static string ImageId(string reference, string digest)
    {
        var name = reference.Split('@')[0];
        var colon = name.LastIndexOf(':');
        return $"{(colon > name.LastIndexOf('/') ? name[..colon] : name)}@{digest}";
    }
}
