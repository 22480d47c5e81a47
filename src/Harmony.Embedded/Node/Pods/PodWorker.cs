using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Volumes;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node.Pods;

/// <summary>
/// Takes one pod from its arrival on the node to its end. An actor: its loop alone changes its state, in answer to messages and to the one time at
/// which something is due; whatever takes long (pulls, starts, probes, graceful ends) runs beside it and reports back with a message.
/// </summary>
internal sealed partial class PodWorker : IDisposable
{
    private readonly PodContext context;
    private readonly Channel<Action> mailbox = Channel.CreateUnbounded<Action>(new() { SingleReader = true });
    private readonly CancellationTokenSource starting = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly List<ContainerState> containers = [];
    private readonly PodVolumes volumes;
    private readonly string uid;
    private readonly string name;
    private readonly string ns;
    private readonly JsonObject reference;

    private JsonObject pod;
    private IContainerRuntime? runtime;
    private IPAddress? address;
    private string? networkNamespace;
    private bool isPrepared;
    private bool isInitialized;
    private bool isGone;
    private DateTimeOffset? startTime;
    private DateTimeOffset? prepareAt;
    private TimeSpan prepareDelay;
    private DateTimeOffset? due;
    private Task? operation;
    private PodView view;

    public PodWorker(PodContext context, JsonObject pod)
    {
        this.context = context;
        this.pod = pod;
        (uid, name, ns) = (pod.Uid, pod.Name, pod.Namespace ?? "default");
        reference = EventRecorder.Reference(pod);
        volumes = new(context.Cluster, context.Options, context.PodFolder(uid));
        var own = (JsonObject)pod.DeepClone();
        foreach (var container in own.At("spec", "initContainers").Objects())
        {
            containers.Add(new(container, container.Text("restartPolicy") == "Always" ? ContainerRole.Sidecar : ContainerRole.Init));
        }

        containers.AddRange(own.At("spec", "containers").Objects().Select(c => new ContainerState(c, ContainerRole.Main)));
        References = ConfigReferences.Of(own);
        view = MakeView();
    }

    public string Uid => uid;

    public string Namespace => ns;

    public PodView View => Volatile.Read(ref view);

    /// <summary>The ConfigMaps and Secrets that the pod's volumes are made from.</summary>
    public ConfigReferences References { get; }

    private string RestartPolicy => pod.At("spec", "restartPolicy").AsText() ?? "Always";

    private IEnumerable<ContainerState> Mains => containers.Where(c => c.Role == ContainerRole.Main);

    private DateTimeOffset Now => context.Time.GetUtcNow();

    /// <summary>The object has changed.</summary>
    public void Update(JsonObject changed) => Post(() =>
    {
        if (changed.Uid == uid)
        {
            pod = changed;
        }
    });

    /// <summary>The object is gone: nothing is left to report, all is left to clean up.</summary>
    public void Removed() => Post(() => isRemoved = true);

    /// <summary>A ConfigMap or Secret that the pod uses has changed.</summary>
    public void Refresh() => Post(() =>
    {
        mustRefresh = true;
        prepareAt = null;
        foreach (var container in containers.Where(c => c.WaitingReason == nameof(ContainerError.CreateContainerConfigError)))
        {
            container.RetryAt = null;
        }
    });

    /// <summary>Runs until the pod is gone, or until cancelled: then its containers run on, for the next process to adopt.</summary>
    public async Task RunAsync(IReadOnlyList<ContainerRecord> found, CancellationToken cancellation)
    {
        using var registration = cancellation.Register(stopping.Cancel);
        try
        {
            cancellation.ThrowIfCancellationRequested();
            Adopt(found);
            while (!isGone)
            {
                while (mailbox.Reader.TryRead(out var message))
                {
                    message();
                }

                due = null;
                try
                {
                    Sync();
                    await PublishAsync(cancellation);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    context.Log.LogError(e, "pod {Namespace}/{Pod}: {Message}", ns, name, e.Message);
                    Due(Now + TimeSpan.FromSeconds(2));
                }

                Volatile.Write(ref view, MakeView());
                if (!isGone)
                {
                    await WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            await stopping.CancelAsync();
            await starting.CancelAsync();
            await SettleAsync();
        }
    }

    public void Dispose()
    {
        starting.Dispose();
        removing.Dispose();
        stopping.Dispose();
        foreach (var container in containers)
        {
            container.Probing?.Dispose();
        }
    }

    private void Post(Action message) => mailbox.Writer.TryWrite(message);

    private void Due(DateTimeOffset at)
    {
        if (due is not { } earlier || at < earlier)
        {
            due = at;
        }
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        var message = mailbox.Reader.WaitToReadAsync(cancellation).AsTask();
        if (due is not { } at)
        {
            await message;
            return;
        }

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pause = at - Now;
        var longest = TimeSpan.FromHours(1);
        await Task.WhenAny(message, Task.Delay(pause < TimeSpan.Zero ? TimeSpan.Zero : pause > longest ? longest : pause, context.Time, waiting.Token));
        await waiting.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Runs something beside the loop; one at a time. It gets a tree of its own: trees are not to be shared.</summary>
    private void Operate(Func<JsonObject, CancellationToken, Task> work)
    {
        var own = Copy();
        operation = Task.Run(
            async () =>
            {
                try
                {
                    await work(own, starting.Token);
                }
                catch (OperationCanceledException)
                {
                }
                catch (Exception e)
                {
                    context.Log.LogError(e, "pod {Namespace}/{Pod}: {Message}", ns, name, e.Message);
                    Post(() => prepareAt = Now + TimeSpan.FromSeconds(5));
                }

                Post(() => operation = null);
            },
            CancellationToken.None);
    }

    private JsonObject Copy()
    {
        var copy = (JsonObject)pod.DeepClone();
        if (address is not null)
        {
            var status = copy.Child("status");
            status["podIP"] = address.ToString();
            status["podIPs"] = new JsonArray((JsonNode)new JsonObject { ["ip"] = address.ToString() });
        }

        return copy;
    }

    private static JsonObject SpecOf(JsonObject pod, ContainerState container) =>
        pod.At("spec", container.Role == ContainerRole.Main ? "containers" : "initContainers").Objects().First(c => c.Text("name") == container.Name);

    private void Event(EventType type, string reason, string message, ContainerState? container = null) =>
        context.Events.Record(reference, type, reason, message, container?.FieldPath);

    private PodView MakeView() => new(
        uid, context.LogFolder(ns, name, uid), address, networkNamespace, pod.At("spec", "hostNetwork").AsBool() == true, runtime,
        pod.Annotation("kubectl.kubernetes.io/default-container"))
    {
        Containers = [.. containers.Select(c => new ContainerView(
            c.Name, c.Role == ContainerRole.Main, c.Id, c.IsRunning, c.HasRun ? null : c.WaitingReason ?? (isInitialized || c.Role != ContainerRole.Main ? "ContainerCreating" : "PodInitializing"), c.RestartCount))],
    };
}
