using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    // A container that ran this long has earned a restart without delay.
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(10);

    private bool mustRefresh;

    /// <summary>Looks at the whole pod and begins the one thing that is to be done next. Never waits.</summary>
    private void Sync()
    {
        startTime ??= Now;
        if (ending is not null)
        {
            return;
        }

        if (isRemoved || pod.IsBeingDeleted)
        {
            BeginEnd(isRemoved ? TimeSpan.Zero : TimeSpan.FromSeconds(pod.At("metadata", "deletionGracePeriodSeconds").AsLong() ?? 30));
            return;
        }

        if (finalPhase is not null)
        {
            if (!isTornDown)
            {
                BeginEnd(TimeSpan.FromSeconds(pod.At("spec", "terminationGracePeriodSeconds").AsLong() ?? 30));
            }

            return;
        }

        if (IsPastDeadline())
        {
            Event(EventType.Normal, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
            (finalPhase, finalReason, finalMessage) = ("Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
            Sync();
            return;
        }

        if (CompletedPhase() is { } phase)
        {
            finalPhase = phase;
            Sync();
            return;
        }

        foreach (var container in containers)
        {
            ShowBackOff(container);
        }

        if (isPrepared)
        {
            RefreshVolumes();
        }

        if (operation is not null)
        {
            return;
        }

        if (!isPrepared)
        {
            if (prepareAt is { } at && at > Now)
            {
                Due(at);
                return;
            }

            Operate(PrepareAsync);
            return;
        }

        if (NextToStart() is { } next)
        {
            BeginStart(next);
        }
    }

    private bool IsPastDeadline()
    {
        if (pod.At("spec", "activeDeadlineSeconds").AsLong() is not { } seconds || startTime is not { } begun)
        {
            return false;
        }

        var deadline = begun + TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue));
        Due(deadline);
        return Now >= deadline;
    }

    /// <summary>The phase in which a pod whose containers have all ended for good stays; null while there is something to run.</summary>
    private string? CompletedPhase()
    {
        if (operation is not null)
        {
            return null;
        }

        if (RestartPolicy == "Never" && containers.Exists(c => c.Role == ContainerRole.Init && !c.IsRunning && c.Exit is { ExitCode: not 0 }))
        {
            return "Failed";
        }

        if (RestartPolicy == "Always" || !isInitialized || Mains.Any(c => c.Exit is null || c.IsRunning))
        {
            return null;
        }

        var succeeded = Mains.All(c => c.Exit!.ExitCode == 0);
        return succeeded ? "Succeeded" : RestartPolicy == "Never" ? "Failed" : null;
    }

    private ContainerState? NextToStart()
    {
        if (!isInitialized)
        {
            foreach (var container in containers.Where(c => c.Role != ContainerRole.Main))
            {
                if (container.Role == ContainerRole.Init ? container.Exit is { ExitCode: 0 } : container.IsRunning && container.Started)
                {
                    continue;
                }

                return !container.IsRunning && MayStart(container) ? container : null;
            }

            isInitialized = true;
        }

        // One that has to wait must not keep the others waiting.
        ContainerState? next = null;
        foreach (var container in containers.Where(c => c.Role != ContainerRole.Init && !c.IsRunning && ShouldRun(c)))
        {
            if (MayStart(container))
            {
                next ??= container;
            }
        }

        return next;
    }

    private bool ShouldRun(ContainerState container) =>
        container.Exit is not { } exit || container.Role == ContainerRole.Sidecar || RestartPolicy == "Always" || (RestartPolicy == "OnFailure" && exit.ExitCode != 0);

    private bool MayStart(ContainerState container)
    {
        if (container.IsEnding)
        {
            return false;
        }

        if (container.RetryAt is { } at)
        {
            if (at > Now)
            {
                Due(at);
                if (container.Exit is not null && container.WaitingReason is null or "RunContainerError")
                {
                    container.WaitingReason = "CrashLoopBackOff";
                    container.WaitingMessage = $"back-off {GoDuration.Format(container.RestartDelay)} restarting failed container={container.Name} pod={name}_{ns}({uid})";
                    Event(EventType.Warning, "BackOff", $"Back-off restarting failed container {container.Name} in pod {name}_{ns}({uid})", container);
                }

                return false;
            }

            container.RetryAt = null;
        }

        return true;
    }

    /// <summary>Some time after a failed pull the kubelet says that it waits before it tries again.</summary>
    private void ShowBackOff(ContainerState container)
    {
        if (container.ShowBackOffAt is not { } at)
        {
            return;
        }

        if (at > Now)
        {
            Due(at);
            return;
        }

        var image = container.Spec["image"].AsText();
        container.ShowBackOffAt = null;
        container.WaitingReason = "ImagePullBackOff";
        container.WaitingMessage = $"Back-off pulling image \"{image}\": ErrImagePull: {container.PullError}";
        Event(EventType.Normal, "BackOff", $"Back-off pulling image \"{image}\"", container);
        Event(EventType.Warning, "Failed", "Error: ImagePullBackOff", container);
    }

    /// <summary>Brings volumes up to date that are made from objects, when those have changed or a token is about to expire.</summary>
    private void RefreshVolumes()
    {
        if (!mustRefresh && (volumes.RefreshAt is not { } at || at > Now))
        {
            if (volumes.RefreshAt is { } later)
            {
                Due(later);
            }

            return;
        }

        mustRefresh = false;
        try
        {
            volumes.Prepare(Copy());
        }
        catch (Exception e) when (e is Volumes.VolumeException or ContainerException)
        {
            // What runs goes on with what it has, as with the kubelet.
            Event(EventType.Warning, "FailedMount", e.Message);
            context.Log.LogWarning("pod {Namespace}/{Pod}: {Message}", ns, name, e.Message);
        }

        if (volumes.RefreshAt is { } next)
        {
            Due(next);
        }
    }

    /// <summary>A container has ended: what comes next is decided by the next look at the pod.</summary>
    private void OnEnded(ContainerState container, string id, ContainerExit exit)
    {
        if (container.Id != id || container.Exit is not null)
        {
            return;
        }

        StopProbes(container);
        container.StartedAt = null;
        container.Ready = false;
        container.Started = false;
        container.WaitingReason = null;
        container.WaitingMessage = null;
        container.Exit = exit;
        spent.Add(id);
        DelayRestart(container, exit);
        container.Ended.TrySetResult();
    }

    private void DelayRestart(ContainerState container, ContainerExit exit)
    {
        if (exit.FinishedAt - exit.StartedAt >= Healthy)
        {
            container.RestartDelay = TimeSpan.Zero;
        }

        container.RetryAt = container.RestartDelay > TimeSpan.Zero ? Now + container.RestartDelay : null;
    }

    private void LengthenDelay(ContainerState container)
    {
        var next = container.RestartDelay == TimeSpan.Zero ? context.Options.RestartDelay : container.RestartDelay * 2;
        container.RestartDelay = next > LongestDelay ? LongestDelay : next;
    }
}
