using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Logs;
using Harmony.Embedded.Node.Volumes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

internal sealed partial class PodWorker
{
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
            if (serving.Handler.Length == 0)
            {
                volumes.PrepareSharedMemory(own);
            }

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
}
