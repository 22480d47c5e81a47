using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

internal enum ContainerRole
{
    Init,

    /// <summary>An init container that stays (<c>restartPolicy: Always</c>).</summary>
    Sidecar,
    Main,
}

/// <summary>What the pod worker knows of one container. Only the worker's own loop changes it.</summary>
internal sealed class ContainerState(JsonObject spec, ContainerRole role)
{
    public JsonObject Spec { get; } = spec;

    public ContainerRole Role { get; } = role;

    public string Name { get; } = spec.Text("name") ?? "";

    /// <summary>The container that runs, or ran last; null before the first.</summary>
    public string? Id { get; set; }

    public int RestartCount { get; set; }

    /// <summary>Set while it waits for something: <c>ContainerCreating</c>, <c>CrashLoopBackOff</c>…</summary>
    public string? WaitingReason { get; set; }

    public string? WaitingMessage { get; set; }

    /// <summary>Set while it runs.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>How the container with <see cref="Id"/> ended; null while it runs or where it never ran.</summary>
    public ContainerExit? Exit { get; set; }

    /// <summary>How the one before ended.</summary>
    public ContainerExit? LastExit { get; set; }

    public string? LastId { get; set; }

    public Image? Image { get; set; }

    /// <summary>What the status said of the image before this process came.</summary>
    public (string Image, string ImageId)? KnownImage { get; set; }

    /// <summary>The startup probe has passed, or there is none.</summary>
    public bool Started { get; set; }

    public bool Ready { get; set; }

    public bool IsRunning => StartedAt is not null;

    public bool HasRun => Id is not null;

    /// <summary>An operation of the worker starts it right now.</summary>
    public bool IsStarting { get; set; }

    public bool IsEnding { get; set; }

    /// <summary>How long the next restart waits after the last end; zero for at once.</summary>
    public TimeSpan RestartDelay { get; set; }

    /// <summary>Not to be tried again before: after a failed pull, a missing ConfigMap…</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>When ErrImagePull is to be shown as ImagePullBackOff.</summary>
    public DateTimeOffset? ShowBackOffAt { get; set; }

    public TimeSpan PullDelay { get; set; }

    public string? PullError { get; set; }

    /// <summary>Ends when the container has ended and the worker has taken note.</summary>
    public TaskCompletionSource Ended { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends the probes of the container that runs.</summary>
    public CancellationTokenSource? Probing { get; set; }

    /// <summary>The place in the pod's spec that events name.</summary>
    public string FieldPath => $"spec.{(Role == ContainerRole.Main ? "containers" : "initContainers")}{{{Name}}}";
}
