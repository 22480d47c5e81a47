using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    // What the kubelet grants at least between the first signal and the last.
    private static readonly TimeSpan ShortestGrace = TimeSpan.FromSeconds(2);

    private readonly List<string> spent = [];
    private readonly SemaphoreSlim removing = new(1, 1);
    private Task? ending;
    private Task removal = Task.CompletedTask;
    private bool isRemoved;
    private bool isTornDown;
    private bool isDeleteSent;
    private string? finalPhase;
    private string? finalReason;
    private string? finalMessage;

    /// <summary>Ends all that runs, then takes the pod's network and volumes away; at the end of a deleted pod, the object too.</summary>
    private void BeginEnd(TimeSpan grace)
    {
        if (isTornDown)
        {
            ending = Task.CompletedTask;
            FinishEnd();
            return;
        }

        starting.Cancel();
        foreach (var container in containers)
        {
            StopProbes(container);
            container.Ready = false;
        }

        var (running, own) = (operation ?? Task.CompletedTask, Copy());
        ending = Task.Run(
            async () =>
            {
                await running.WaitAsync(stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

                // What the operation has reported by now is taken note of before the loop hands us the containers.
                var listed = new TaskCompletionSource<List<ContainerState>>(TaskCreationOptions.RunContinuationsAsynchronously);
                Post(() =>
                {
                    var live = containers.Where(c => c.IsRunning).ToList();
                    live.ForEach(c => c.IsEnding = true);
                    listed.SetResult(live);
                });
                try
                {
                    var live = await listed.Task.WaitAsync(stopping.Token);
                    await EndAllAsync(own, live, grace);
                    await TearDownAsync();
                    Post(FinishEnd);
                }
                catch (OperationCanceledException)
                {
                }
                catch (Exception e)
                {
                    context.Log.LogError(e, "ending pod {Namespace}/{Pod}: {Message}", ns, name, e.Message);
                    Post(() =>
                    {
                        // A mount that is still busy, a full disk: it is tried again.
                        ending = Task.Delay(TimeSpan.FromSeconds(5), context.Time, stopping.Token).ContinueWith(_ => Post(() => ending = null), TaskScheduler.Default);
                    });
                }
            },
            CancellationToken.None);
    }

    private async Task EndAllAsync(JsonObject own, List<ContainerState> live, TimeSpan grace)
    {
        var begun = context.Time.GetTimestamp();
        await Task.WhenAll(live.Where(c => c.Role != ContainerRole.Sidecar).Select(c => EndAsync(own, c, grace, announce: true)));

        // Sidecars serve the others to their end; they go last, in reverse order.
        foreach (var sidecar in live.Where(c => c.Role == ContainerRole.Sidecar).Reverse())
        {
            var left = grace - context.Time.GetElapsedTime(begun);
            await EndAsync(own, sidecar, left > TimeSpan.Zero ? left : grace > TimeSpan.Zero ? ShortestGrace : TimeSpan.Zero, announce: true);
        }
    }

    private async Task EndAsync(JsonObject own, ContainerState container, TimeSpan grace, bool announce)
    {
        if (announce)
        {
            Event(EventType.Normal, "Killing", $"Stopping container {container.Name}", container);
        }

        var (id, ended) = (container.Id!, container.Ended.Task);
        var spec = (JsonObject)SpecOf(own, container).DeepClone();
        var begun = context.Time.GetTimestamp();
        if (grace > TimeSpan.Zero)
        {
            if (spec.At("lifecycle", "preStop") is JsonObject hook)
            {
                var result = await context.Prober.RunAsync(hook, new(runtime!, id, address!, spec), grace, stopping.Token);
                if (!result.Succeeded)
                {
                    Event(EventType.Warning, "FailedPreStopHook", "PreStopHook failed", container);
                }
            }

            var signal = spec.At("lifecycle", "stopSignal").AsText() ?? container.Image?.Config.StopSignal ?? "SIGTERM";
            await runtime!.SignalAsync(id, signal, stopping.Token);
            var left = grace - context.Time.GetElapsedTime(begun);
            await WithinAsync(ended, left > ShortestGrace ? left : ShortestGrace);
        }

        for (var attempt = 0; !ended.IsCompleted && attempt < 10; attempt++)
        {
            await runtime!.SignalAsync(id, "SIGKILL", stopping.Token);
            await WithinAsync(ended, TimeSpan.FromSeconds(5));
        }
    }

    private async Task WithinAsync(Task task, TimeSpan limit)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        await Task.WhenAny(task, Task.Delay(limit, context.Time, over.Token));
        await over.CancelAsync();
        stopping.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Ends one container, which the restart policy may start again.</summary>
    private void BeginKill(ContainerState container, TimeSpan grace)
    {
        if (container.IsEnding || !container.IsRunning)
        {
            return;
        }

        container.IsEnding = true;
        StopProbes(container);
        container.Ready = false;
        var own = Copy();
        _ = Task.Run(
            async () =>
            {
                try
                {
                    await EndAsync(own, container, grace, announce: false);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    context.Log.LogError(e, "ending container {Container} of {Namespace}/{Pod}: {Message}", container.Name, ns, name, e.Message);
                }
                catch (OperationCanceledException)
                {
                }

                Post(() => container.IsEnding = false);
            },
            CancellationToken.None);
    }

    private async Task TearDownAsync()
    {
        foreach (var id in containers.Select(c => c.Id).OfType<string>())
        {
            await RemoveContainerAsync(id);
        }

        await context.Network.DetachAsync(uid, stopping.Token);
        volumes.Remove();
    }

    private void FinishEnd()
    {
        isTornDown = true;
        isPrepared = false;
        foreach (var container in containers)
        {
            container.IsEnding = false;
        }

        if (!isRemoved && !pod.IsBeingDeleted)
        {
            ending = null;
            return;
        }

        finalPhase ??= Mains.All(c => c.Exit is { ExitCode: 0 }) ? "Succeeded" : "Failed";
    }

    /// <summary>After the last status is written: the object of a deleted pod goes, and with it the logs.</summary>
    private async Task DeleteObjectAsync(CancellationToken cancellation)
    {
        if (!isRemoved && !isDeleteSent)
        {
            try
            {
                await context.Cluster.DeleteAsync(BuiltInResources.Pods, ns, name, new() { GracePeriodSeconds = 0, Uid = uid }, cancellation);
            }
            catch (ApiException e) when (e.IsNotFound || e.IsConflict)
            {
                isRemoved = true;
            }

            isDeleteSent = true;
        }

        // A finalizer may keep the object; the worker stays until the watch says that it is gone.
        if (isRemoved || context.Cluster.Get(BuiltInResources.Pods, ns, name)?.Uid != uid)
        {
            Disk.DeleteTree(context.LogFolder(ns, name, uid));
            isGone = true;
        }
    }

    /// <summary>Removes what ended containers hold, once their end is written down.</summary>
    private void RemoveSpent()
    {
        if (spent.Count > 0)
        {
            string[] ids = [.. spent];
            spent.Clear();
            var before = removal;
            removal = Task.Run(() => RemoveAllAsync(before, ids), CancellationToken.None);
        }
    }

    private async Task RemoveAllAsync(Task before, string[] ids)
    {
        await before;
        foreach (var id in ids)
        {
            try
            {
                await RemoveContainerAsync(id);
            }
            catch (Exception e)
            {
                context.Log.LogWarning(e, "removing container {Container}: {Message}", id, e.Message);
            }
        }
    }

    /// <summary>Lets what runs beside the loop come to its end before the process goes on without the pod.</summary>
    private async Task SettleAsync()
    {
        var rest = Task.WhenAll(operation ?? Task.CompletedTask, ending ?? Task.CompletedTask, removal);
        await rest.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RemoveContainerAsync(string id)
    {
        await removing.WaitAsync(CancellationToken.None);
        try
        {
            if (runtime is not null)
            {
                await runtime.DeleteAsync(id, CancellationToken.None);
            }

            var folder = context.ContainerFolder(id);
            if (Disk.FolderExists(folder))
            {
                await context.Images.UnmountAsync(folder, CancellationToken.None);
                Disk.DeleteTree(folder);
            }
        }
        finally
        {
            removing.Release();
        }
    }
}
