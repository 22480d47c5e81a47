using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Logs;
using Harmony.Embedded.Node.Probes;
using Harmony.Embedded.Node.Volumes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
    private static readonly TimeSpan ConfigRetry = TimeSpan.FromSeconds(10);

    private void BeginStart(ContainerState container)
    {
        container.IsStarting = true;
        container.RetryAt = null;
        var restarts = container.HasRun ? container.RestartCount + 1 : container.RestartCount;
        Operate(async (own, cancellation) =>
        {
            try
            {
                await StartAsync(own, container, restarts, cancellation);
            }
            finally
            {
                Post(() => container.IsStarting = false);
            }
        });
    }

    private async Task StartAsync(JsonObject own, ContainerState container, int restarts, CancellationToken cancellation)
    {
        var spec = SpecOf(own, container);
        if (await EnsureImageAsync(own, spec, container, cancellation) is not { } image)
        {
            return;
        }

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var folder = context.ContainerFolder(id);
        var launched = false;
        try
        {
            var ready = Resolve(own, spec, container, image, id, restarts);
            if (runtime!.Handler.Length == 0)
            {
                Disk.CreateFolder(folder);
                await context.Images.MountAsync(image, folder, cancellation);
            }

            await runtime.StartAsync(ready, cancellation);
            launched = true;
            Event(EventType.Normal, "Created", "Container created", container);
            Event(EventType.Normal, "Started", "Container started", container);
            var begun = Now;
            Post(() => OnStarted(container, id, image, restarts, begun));
            if (spec.At("lifecycle", "postStart") is JsonObject hook && !await PostStartAsync(hook, spec, container, id, cancellation))
            {
                return;
            }

            Post(() => BeginProbes(container, id));
        }
        catch (Exception e) when (e is ContainerException or ImageException or VolumeException or IOException or UnauthorizedAccessException && !launched)
        {
            await RemoveContainerAsync(id);
            OnRefused(container, e, id, image, restarts);
        }
        catch (OperationCanceledException) when (!launched)
        {
            await RemoveContainerAsync(id);
            throw;
        }
    }

    private void OnRefused(ContainerState container, Exception error, string id, Image image, int restarts)
    {
        var code = error is ContainerException c ? c.Code : ContainerError.CreateContainerError;
        var message = error is ContainerException { Code: ContainerError.RuntimeMissing, Hint: { } hint } ? $"{error.Message}. {hint}" : error.Message;
        if (code == ContainerError.RunContainerError)
        {
            Event(EventType.Normal, "Created", "Container created", container);
        }

        Event(EventType.Warning, "Failed", "Error: " + message, container);
        var now = Now;
        Post(() =>
        {
            container.WaitingReason = code.ToString();
            container.WaitingMessage = message;
            if (code != ContainerError.RunContainerError)
            {
                container.RetryAt = now + ConfigRetry;
                return;
            }

            // A start that failed counts as a run that ended.
            Succeed(container);
            (container.Id, container.Image, container.RestartCount) = (id, image, restarts);
            container.Exit = new ContainerExit(128, "StartError", DateTimeOffset.UnixEpoch, now, message);
            LengthenDelay(container);
            container.RetryAt = now + container.RestartDelay;
        });
    }

    private void OnStarted(ContainerState container, string id, Image image, int restarts, DateTimeOffset begun)
    {
        Succeed(container);
        if (container.HasRun)
        {
            LengthenDelay(container);
        }

        (container.Id, container.Image, container.RestartCount, container.StartedAt) = (id, image, restarts, begun);
        container.Exit = null;
        container.WaitingReason = null;
        container.WaitingMessage = null;
        container.PullDelay = TimeSpan.Zero;
        Watch(container, id);
    }

    /// <summary>What was the present becomes the past.</summary>
    private static void Succeed(ContainerState container)
    {
        if (container.Exit is not null)
        {
            (container.LastExit, container.LastId) = (container.Exit, container.Id);
        }

        container.Ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private async Task<bool> PostStartAsync(JsonObject hook, JsonObject spec, ContainerState container, string id, CancellationToken cancellation)
    {
        var result = await context.Prober.RunAsync(hook, new(runtime!, id, address!, spec), TimeSpan.FromMinutes(10), cancellation);
        if (result.Succeeded)
        {
            return true;
        }

        Event(EventType.Warning, "FailedPostStartHook", "PostStartHook failed", container);
        Event(EventType.Normal, "Killing", "FailedPostStartHook", container);
        Post(() => BeginKill(container, TimeSpan.FromSeconds(pod.At("spec", "terminationGracePeriodSeconds").AsLong() ?? 30)));
        return false;
    }

    private string TerminationFile(ContainerState container, string id) => Path.Combine(context.PodFolder(uid), "containers", container.Name, id[..8]);

    private string LogPath(ContainerState container, int restarts) =>
        Path.Combine(context.LogFolder(ns, name, uid), container.Name, restarts.ToString(CultureInfo.InvariantCulture) + ".log");

    /// <summary>Waits beside the loop for the container's end, also of one that an earlier process started.</summary>
    private void Watch(ContainerState container, string id)
    {
        var (watching, log, file) = (runtime!, LogPath(container, container.RestartCount), TerminationFile(container, id));
        var policy = container.Spec["terminationMessagePolicy"].AsText();
        _ = Task.Run(
            async () =>
            {
                try
                {
                    var exit = await watching.WaitAsync(id, stopping.Token);
                    var message = await TerminationMessage.ReadAsync(file, policy, exit, log, new CriLogReader(context.Time), stopping.Token);
                    Post(() => OnEnded(container, id, message is null ? exit : exit with { Message = message }));
                }
                catch (OperationCanceledException)
                {
                }
                catch (Exception e)
                {
                    Post(() => OnEnded(container, id, new(137, "ContainerStatusUnknown", Now, Now, e.Message)));
                }
            },
            CancellationToken.None);
    }
}
