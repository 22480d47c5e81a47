using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Tests.Controllers;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Node;

/// <summary>A node with real containers on the host's network, an API in memory and an image made of busybox.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string NodeName = "node-1";

    private readonly TestMachine machine = new();
    private CancellationTokenSource stopping = new();
    private OciRuntime runtime = null!;
    private Task running = Task.CompletedTask;

    public TestNode() => Start();

    public FakeCluster Cluster { get; } = new(TimeProvider.System);

    public FakeImages Images { get; } = new();

    public NodeAgent Agent { get; private set; } = null!;

    public string Data => machine.Data;

    /// <summary>Ends the agent as a kill would, and starts the next one on the same folder.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Start();
    }

    /// <summary>Ends the agent; its containers run on.</summary>
    public async Task PauseAsync() => await StopAsync();

    public async Task<JsonObject> CreateAsync(string name, string spec, string metadata = "{}")
    {
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = JsonNode.Parse(metadata), ["spec"] = JsonNode.Parse(spec) };
        pod.Metadata["name"] = name;
        pod.Metadata["namespace"] = "default";
        pod.Child("spec")["nodeName"] = NodeName;
        foreach (var container in pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()))
        {
            container["image"] ??= "busybox:1";
            container["terminationMessagePath"] ??= "/dev/termination-log";
        }

        return await Cluster.CreateAsync(BuiltInResources.Pods, pod, CancellationToken.None);
    }

    public Task<JsonObject> CreateConfigMapAsync(string name, string key, string value) => Cluster.CreateAsync(
        BuiltInResources.ConfigMaps,
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" }, ["data"] = new JsonObject { [key] = value } },
        CancellationToken.None);

    public JsonObject? Pod(string name) => Cluster.Get(BuiltInResources.Pods, "default", name);

    /// <summary>The status of one container, also an init container.</summary>
    public JsonObject? Container(string pod, string container = "app") =>
        Pod(pod).At("status", "containerStatuses").Objects().Concat(Pod(pod).At("status", "initContainerStatuses").Objects()).FirstOrDefault(c => c.Text("name") == container);

    public Task UntilReadyAsync(string pod) => Cluster.UntilAsync(() => Pod(pod)?.Condition("Ready")?.Text("status") == "True");

    public Task UntilWaitingAsync(string pod, string reason, string container = "app") =>
        Cluster.UntilAsync(() => Container(pod, container).At("state", "waiting", "reason").AsText() == reason);

    public Task UntilPhaseAsync(string pod, string phase) => Cluster.UntilAsync(() => Pod(pod).At("status", "phase").AsText() == phase);

    public Task UntilGoneAsync(string pod) => Cluster.UntilAsync(() => Pod(pod) is null);

    public Task UntilEventAsync(string reason, string message) => Cluster.UntilAsync(() => Events(reason).Any(m => m.Contains(message, StringComparison.Ordinal)));

    public IEnumerable<string> Events(string reason) =>
        Cluster.List(BuiltInResources.Events).Where(e => e.Text("reason") == reason).Select(e => e.Text("message") ?? "");

    public async Task<string> LogAsync(string pod, LogRequest? request = null)
    {
        var text = new MemoryStream();
        await Agent.WriteLogAsync("default", pod, request ?? new(), text, CancellationToken.None);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    public Task<string> ExecAsync(string pod, params string[] command) => ExecInAsync(pod, null, command);

    public async Task<string> ExecInAsync(string pod, string? container, params string[] command)
    {
        var output = new MemoryStream();
        await Agent.ExecAsync("default", pod, container, new ExecRequest(command) { Output = output, Error = output }, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await NodeAgent.CleanAsync(Data, TimeProvider.System, CancellationToken.None);
        await machine.DisposeAsync();
        stopping.Dispose();
    }

    private async Task StopAsync()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        runtime.Dispose();
        Agent.Dispose();
    }

    private void Start()
    {
        stopping = new();
        runtime = new(Data, new CommandRunner(), TimeProvider.System);
        Agent = new(
            Cluster, Images, new HostPods(), [runtime],
            new()
            {
                NodeName = NodeName,
                DataFolder = Data,
                Network = new()
                {
                    PodRange = IPNetwork.Parse("10.99.0.0/16"),
                    ServiceRange = IPNetwork.Parse("10.98.0.0/16"),
                    NodeAddress = IPAddress.Loopback,
                    ApiAddress = IPAddress.Parse("10.98.0.1"),
                    DnsAddress = IPAddress.Parse("10.98.0.10"),
                    Bridged = false,
                },
                IssueToken = r => $"token of {r.ServiceAccount}",
                RestartDelay = TimeSpan.FromMilliseconds(200),
            },
            NullLogger.Instance);
        running = Task.Run(() => Agent.RunAsync(stopping.Token));
    }

    private sealed class HostPods : IPodNetwork
    {
        public Task<PodAttachment> AttachAsync(string podUid, CancellationToken cancellation) => Task.FromResult(new PodAttachment(IPAddress.Loopback, null));

        public Task<PodAttachment> AttachInProcessAsync(string podUid, CancellationToken cancellation) => AttachAsync(podUid, cancellation);

        public Task DetachAsync(string podUid, CancellationToken cancellation) => Task.CompletedTask;

        public Task DetachAllExceptAsync(IReadOnlySet<string> podUids, CancellationToken cancellation) => Task.CompletedTask;
    }
}

/// <summary>One image, <c>busybox:1</c>, that is here from the start; all others do not exist.</summary>
internal sealed class FakeImages : IImageStore
{
    public IReadOnlyList<Image> All => [TestMachine.Image];

    public Image? Find(string reference) => reference == "busybox:1" ? TestMachine.Image : null;

    public Task<Image> PullAsync(string reference, IReadOnlyList<JsonObject> pullSecrets, CancellationToken cancellation) =>
        throw new ImageException(ImageError.ErrImagePull, $"rpc error: code = NotFound desc = {reference}: not found");

    public Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellation) => throw new InvalidOperationException("not asked for");

    public Task<string> MountAsync(Image image, string containerFolder, CancellationToken cancellation)
    {
        var root = Path.Combine(containerFolder, "rootfs");
        TestMachine.FillRoot(root);
        return Task.FromResult(root);
    }

    public Task UnmountAsync(string containerFolder, CancellationToken cancellation) => Task.CompletedTask;

    public string? FindModule(Image image) => null;
}
