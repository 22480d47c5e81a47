using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Native;
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

    /// <summary>Volumes, network and the files that every container of the pod gets.</summary>
    private async Task PrepareAsync(JsonObject own, CancellationToken cancellation)
    {
        try
        {
            var serving = FindRuntime(own);
            volumes.Prepare(own);
            var isHostNetwork = own.At("spec", "hostNetwork").AsBool() == true;
            var attachment = isHostNetwork ? new PodAttachment(context.Options.Network.NodeAddress, null)
                : serving.Handler.Length > 0 ? await context.Network.AttachInProcessAsync(uid, cancellation)
                : await context.Network.AttachAsync(uid, cancellation);
            WriteFiles(own, attachment);
            Post(() =>
            {
                (runtime, address, networkNamespace) = (serving, attachment.Address, attachment.NetworkNamespace);
                isPrepared = true;
                prepareDelay = TimeSpan.Zero;
            });
        }
        catch (VolumeException e)
        {
            RetryPrepare("FailedMount", e.Message);
        }
        catch (HarmonyException e)
        {
            RetryPrepare("FailedCreatePodSandBox", $"Failed to create pod sandbox: rpc error: code = Unknown desc = {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RetryPrepare("FailedCreatePodSandBox", $"Failed to create pod sandbox: {e.Message}");
        }
    }

    private void RetryPrepare(string reason, string message)
    {
        Event(EventType.Warning, reason, message);
        Post(() =>
        {
            // As the kubelet's volume manager: from half a second, doubled up to two minutes.
            var next = prepareDelay == TimeSpan.Zero ? TimeSpan.FromMilliseconds(500) : prepareDelay * 2;
            prepareDelay = next > TimeSpan.FromMinutes(2) ? TimeSpan.FromMinutes(2) : next;
            prepareAt = Now + prepareDelay;
        });
    }

    private IContainerRuntime FindRuntime(JsonObject own)
    {
        var className = own.At("spec", "runtimeClassName").AsText() ?? "";
        var handler = className.Length == 0 ? "" : context.Cluster.Get(BuiltInResources.RuntimeClasses, null, className)?.Text("handler") ?? className;
        return context.Runtimes.GetValueOrDefault(handler) ?? throw new ContainerException(
            ContainerError.RuntimeMissing,
            handler.Length == 0 ? "no runtime for containers is available on this machine" : $"failed to get sandbox runtime: no runtime for \"{handler}\" is configured");
    }

    private string HostNameOf(JsonObject own)
    {
        if (own.At("spec", "hostNetwork").AsBool() == true)
        {
            return context.Options.NodeName;
        }

        var host = own.At("spec", "hostname").AsText() is { Length: > 0 } wanted ? wanted : name;
        host = host.Length > 63 ? host[..63].TrimEnd('-', '.') : host;
        return own.At("spec", "setHostnameAsFQDN").AsBool() == true && own.At("spec", "subdomain").AsText() is { } subdomain
            ? $"{host}.{subdomain}.{ns}.svc.{context.Options.Network.Domain}"
            : host;
    }

    private void WriteFiles(JsonObject own, PodAttachment attachment)
    {
        var folder = context.PodFolder(uid);
        var host = HostNameOf(own);
        Disk.CreateFolder(folder);
        Disk.WriteQuickly(Path.Combine(folder, "etc-hosts"), HostsFile.Of(own, host, attachment.Address, context.Options.Network.Domain), Disk.Shared);
        Disk.WriteQuickly(Path.Combine(folder, "hostname"), host + "\n", Disk.Shared);
        Disk.WriteQuickly(Path.Combine(folder, "resolv.conf"), ResolverFile.Of(own, context.Options.Network), Disk.Shared);
    }

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

    private ContainerSpec Resolve(JsonObject own, JsonObject spec, ContainerState container, Image image, string id, int restarts)
    {
        var environment = new ContainerEnvironment(context.Cluster, context.Options, own, spec).Build();
        string Expand(string? text) => VariableExpansion.Expand(text ?? "", environment.GetValueOrDefault);
        var command = spec["command"].Items().Select(c => Expand(c.AsText())).ToList();
        var arguments = spec["args"].Items().Select(a => Expand(a.AsText())).ToList();
        List<string> all = command.Count > 0 ? [.. command, .. arguments]
            : [.. image.Config.Entrypoint, .. arguments.Count > 0 ? arguments : image.Config.Command];
        if (all.Count == 0 && runtime!.Handler.Length == 0)
        {
            throw new ContainerException(
                ContainerError.CreateContainerError, $"failed to generate container \"{id}\" spec: failed to generate spec: no command specified", "Set the container's command.");
        }

        return new()
        {
            Id = id,
            Name = container.Name,
            PodName = name,
            PodNamespace = ns,
            PodUid = uid,
            RestartCount = restarts,
            Image = image,
            Folder = context.ContainerFolder(id),
            Arguments = all,
            Environment = [.. image.Config.Environment, .. environment.Select(v => $"{v.Key}={v.Value}")],
            WorkingFolder = spec.Text("workingDir"),
            Mounts = MountsOf(own, spec, container, id, environment),
            Container = spec,
            PodSpec = (JsonObject)own["spec"]!,
            HostName = HostNameOf(own),
            PodAddress = address!,
            NetworkNamespace = networkNamespace,
            LogPath = LogPath(container, restarts),
        };
    }

    private List<ContainerMount> MountsOf(JsonObject own, JsonObject spec, ContainerState container, string id, IReadOnlyDictionary<string, string> environment)
    {
        var mounts = VolumeMounts.Of(own, spec, volumes, environment);
        if (runtime!.Handler.Length > 0)
        {
            return mounts;
        }

        var folder = context.PodFolder(uid);
        void AddFile(string path, string host)
        {
            if (mounts.TrueForAll(m => m.ContainerPath.TrimEnd('/') != path))
            {
                mounts.Add(new(host, path, ReadOnly: false));
            }
        }

        AddFile("/etc/hosts", Path.Combine(folder, "etc-hosts"));
        AddFile("/etc/hostname", Path.Combine(folder, "hostname"));
        AddFile("/etc/resolv.conf", Path.Combine(folder, "resolv.conf"));
        if (spec.Text("terminationMessagePath") is { Length: > 0 } messagePath && messagePath.StartsWith('/'))
        {
            var file = TerminationFile(container, id);
            Disk.CreateFolder(Path.GetDirectoryName(file)!);
            Disk.WriteQuickly(file, "");
            _ = Libc.ChangeMode(file, 0x1B6);
            AddFile(messagePath, file);
        }

        return mounts;
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
