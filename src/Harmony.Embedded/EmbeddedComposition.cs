using System.Net;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Authentication;
using Harmony.Embedded.Api.Streaming;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Dns;
using Harmony.Embedded.Network.HostPorts;
using Harmony.Embedded.Network.Services;
using Harmony.Embedded.Node;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Wasm;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Processes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded;

/// <summary>What the parts of the runtime are made from.</summary>
/// <param name="CertificatePem">The cluster's certificate authority, for <c>ca.crt</c> in pods.</param>
/// <param name="ApiPort">Where the API is served on 127.0.0.1.</param>
internal sealed record EmbeddedParts(
    EmbeddedOptions Options, IClusterClient Client, ClusterNetwork Network, TokenIssuer Tokens, string CertificatePem, int ApiPort, ILoggerFactory Logs);

/// <summary>Which parts the runtime has, in the order in which they start: the one place that knows them all.</summary>
internal sealed class EmbeddedComposition : IAsyncDisposable
{
    private EmbeddedNetwork? network;
    private ImageStore? images;
    private OciRuntime? containers;
    private WasmRuntime? modules;
    private NodeAgent? node;

    public List<IEmbeddedService> Services { get; } = [];

    /// <summary>Serves log, exec, attach and port-forward: HTTP context, namespace, pod, subresource. Null where no node serves them.</summary>
    public Func<HttpContext, string, string, string, Task>? PodStreams { get; private set; }

    public IImageStore? Images { get; private set; }

    public static async Task<EmbeddedComposition> CreateAsync(EmbeddedParts parts, CancellationToken cancellation)
    {
        var composition = new EmbeddedComposition();
        var options = parts.Options;
        var commands = new CommandRunner(options.Time);

        // Network.
        composition.network = await EmbeddedNetwork.OpenAsync(parts.Network, options.DataFolder, commands, parts.Logs.CreateLogger("network"), cancellation);
        composition.Services.Add(new ServiceProxy(parts.Client, composition.network, () => new IPEndPoint(IPAddress.Loopback, parts.ApiPort), options.Time, parts.Logs.CreateLogger("service-proxy")));
        composition.Services.Add(new HostPorts(parts.Client, parts.Network, options.Time, parts.Logs.CreateLogger("host-ports")));
        composition.Services.Add(new ClusterDns(parts.Client, composition.network, options.Time, parts.Logs.CreateLogger("dns")));

        // Node.
        composition.AddNode(parts, commands);

        // Controllers.
        composition.Services.Add(EmbeddedControllers.Create(parts.Client, options.Time, parts.Logs.CreateLogger("controllers"), Path.Combine(options.DataFolder, "volumes"), parts.CertificatePem));
        return composition;
    }

    /// <summary>Removes what a killed process left on the machine: containers, mounts, the network.</summary>
    public static async Task CleanAsync(EmbeddedOptions options, ILoggerFactory logs, CancellationToken cancellation)
    {
        var commands = new CommandRunner(options.Time);
        await NodeAgent.CleanAsync(options.DataFolder, options.Time, cancellation);
        await EmbeddedNetwork.CleanAsync(options.DataFolder, commands, logs.CreateLogger("network"), cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        node?.Dispose();
        containers?.Dispose();
        if (modules is not null)
        {
            await modules.DisposeAsync();
        }

        images?.Dispose();
        if (network is not null)
        {
            await network.DisposeAsync();
        }
    }

    private void AddNode(EmbeddedParts parts, CommandRunner commands)
    {
        var options = parts.Options;
        images = new ImageStore(options.DataFolder, Path.Combine(options.Paths.Configuration, "registries.yaml"), options.Time);
        Images = images;
        modules = new WasmRuntime(images, options.DataFolder, options.Time);
        List<IContainerRuntime> runtimes = [modules];

        // Containers need Linux and root, as their network does.
        if (parts.Network.Bridged)
        {
            containers = new OciRuntime(options.DataFolder, commands, options.Time, parts.Logs.CreateLogger("containers"));
            runtimes.Add(containers);
        }

        var settings = new NodeOptions
        {
            NodeName = NodeOptions.NameOf(Environment.MachineName),
            DataFolder = options.DataFolder,
            Network = parts.Network,
            Time = options.Time,
            IssueToken = request => parts.Tokens.Issue(
                request.Namespace, request.ServiceAccount, parts.Client.Get(BuiltInResources.ServiceAccounts, request.Namespace, request.ServiceAccount)?.Uid ?? "",
                request.Audience is { } audience ? [audience] : [], request.Lifetime, (request.PodName, request.PodUid)),
        };
        node = new NodeAgent(parts.Client, images, network!.Pods, runtimes, settings, parts.Logs.CreateLogger("kubelet"));
        PodStreams = new PodStreams(node, options.Time).HandleAsync;
        Services.Add(node);
    }
}
