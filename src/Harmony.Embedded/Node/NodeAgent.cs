using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Pods;
using Harmony.Embedded.Node.Probes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node;

/// <summary>The embedded runtime's kubelet: keeps the Node object, runs the pods that are bound to it, and serves their logs and sessions.</summary>
public sealed partial class NodeAgent : IEmbeddedService, IKubelet, IDisposable
{
    // Nobody waits for a heartbeat here; it keeps the node's age and images roughly right.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMinutes(5);

    private readonly IClusterClient cluster;
    private readonly IImageStore images;
    private readonly IPodNetwork network;
    private readonly IReadOnlyList<IContainerRuntime> runtimes;
    private readonly NodeOptions options;
    private readonly ILogger log;
    private readonly Prober prober = new();
    private readonly PodContext context;
    private readonly ConcurrentDictionary<string, PodWorker> workers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> running = new(StringComparer.Ordinal);

    public NodeAgent(IClusterClient cluster, IImageStore images, IPodNetwork network, IReadOnlyList<IContainerRuntime> runtimes, NodeOptions options, ILogger log)
    {
        this.cluster = cluster;
        this.images = images;
        this.network = network;
        this.runtimes = runtimes;
        var machine = MachineCapacity.Read(options.DataFolder);
        this.options = options with { Capacity = machine.Of };
        this.log = log;
        context = new(
            cluster, this.options, images, network, runtimes.ToDictionary(r => r.Handler, StringComparer.Ordinal),
            new EventRecorder(cluster, options.Time, "kubelet", options.NodeName), prober, log);
    }

    public string Name => "kubelet";

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task[] work = [];
        try
        {
            await RegisterAsync(stopping.Token);
            var found = await CollectAsync(stopping.Token);
            work =
            [
                WatchPodsAsync(found, stopping.Token),
                WatchConfigAsync(BuiltInResources.ConfigMaps, r => r.ConfigMaps, stopping.Token),
                WatchConfigAsync(BuiltInResources.Secrets, r => r.Secrets, stopping.Token),
                BeatAsync(stopping.Token),
            ];
            await await Task.WhenAny(work);
        }
        finally
        {
            // The watch first: it must not begin with a pod whose worker has just ended.
            await stopping.CancelAsync();
            await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => prober.Dispose();

    /// <summary>
    /// Ends and removes all containers, mounts and cgroups of a data folder when no process of it runs, and the pods' folders with their volumes and logs.
    /// </summary>
    public static async Task CleanAsync(string dataFolder, TimeProvider time, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await OciRuntime.CleanAsync(dataFolder, time, cancellation);
        Disk.DeleteTree(Path.Combine(dataFolder, "pods"));
    }

    /// <summary>What the runtimes still know, by pod; what belongs to no pod of the cluster is removed.</summary>
    private async Task<Dictionary<string, List<ContainerRecord>>> CollectAsync(CancellationToken cancellation)
    {
        var mine = cluster.List(BuiltInResources.Pods).Where(IsMine).Select(p => p.Uid).ToHashSet(StringComparer.Ordinal);
        var found = new Dictionary<string, List<ContainerRecord>>(StringComparer.Ordinal);
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var runtime in runtimes)
        {
            foreach (var record in await runtime.ListAsync(cancellation))
            {
                if (mine.Contains(record.PodUid))
                {
                    kept.Add(record.Id);
                    found.TryAdd(record.PodUid, []);
                    found[record.PodUid].Add(record);
                    continue;
                }

                await runtime.SignalAsync(record.Id, "SIGKILL", cancellation);
                await AwaitEndAsync(runtime, record, cancellation);
                await runtime.DeleteAsync(record.Id, cancellation);
            }
        }

        await RemoveStrayFoldersAsync(OciRuntime.ContainersFolder(options.DataFolder), kept, cancellation);
        await RemoveStrayFoldersAsync(Path.Combine(options.DataFolder, "pods"), mine, cancellation);
        foreach (var folder in FoldersOf(Path.Combine(options.DataFolder, "logs", "pods")).Where(f => !mine.Contains(f[(f.LastIndexOf('_') + 1)..])))
        {
            Disk.DeleteTree(folder);
        }

        await network.DetachAllExceptAsync(mine, cancellation);
        return found;
    }

    /// <summary>A container writes its end into its folder: one that is still ending would bring back what is deleted.</summary>
    private static async Task AwaitEndAsync(IContainerRuntime runtime, ContainerRecord record, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            await runtime.WaitAsync(record.Id, limit.Token);
        }
        catch (Exception e) when (e is ContainerException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // It is gone already, or does not end: what can be removed is removed all the same.
        }
    }

    private async Task RemoveStrayFoldersAsync(string parent, HashSet<string> kept, CancellationToken cancellation)
    {
        foreach (var folder in FoldersOf(parent).Where(f => !kept.Contains(Path.GetFileName(f))))
        {
            try
            {
                await images.UnmountAsync(folder, cancellation);
                Mounts.UnmountBeneath(folder);
                Disk.DeleteTree(folder);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogWarning("removing {Folder}, which no pod uses: {Message}", folder, e.Message);
            }
        }
    }

    private static List<string> FoldersOf(string parent) => Disk.FolderExists(parent) ? [.. Disk.Folders(parent)] : [];

    private bool IsMine(JsonObject pod) => pod.At("spec", "nodeName").AsText() == options.NodeName;

    private async Task WatchPodsAsync(Dictionary<string, List<ContainerRecord>> found, CancellationToken cancellation)
    {
        await foreach (var change in cluster.WatchAsync(BuiltInResources.Pods, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!IsMine(change.Object))
            {
                continue;
            }

            var uid = change.Object.Uid;
            if (workers.TryGetValue(uid, out var worker))
            {
                if (change.Type == WatchEventType.Deleted)
                {
                    worker.Removed();
                }
                else
                {
                    worker.Update(change.Object);
                }
            }
            else if (change.Type != WatchEventType.Deleted)
            {
                Begin(change.Object, found.Remove(uid, out var records) ? records : [], cancellation);
            }
        }
    }

    private void Begin(JsonObject pod, IReadOnlyList<ContainerRecord> records, CancellationToken cancellation)
    {
        var worker = new PodWorker(context, pod);
        workers[worker.Uid] = worker;
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[worker.Uid] = Task.Run(
            async () =>
            {
                // Not before it is noted, or its end would be noted first.
                await begin.Task;
                try
                {
                    await worker.RunAsync(records, cancellation);
                }
                catch (OperationCanceledException)
                {
                }
                catch (Exception e)
                {
                    log.LogError(e, "the worker of pod {Uid} has failed: {Message}", worker.Uid, e.Message);
                }
                finally
                {
                    workers.TryRemove(worker.Uid, out _);
                    running.TryRemove(worker.Uid, out _);
                    worker.Dispose();
                }
            },
            CancellationToken.None);
        begin.SetResult();
    }

    private async Task WatchConfigAsync(ApiResource resource, Func<ConfigReferences, IReadOnlySet<string>> names, CancellationToken cancellation)
    {
        var started = options.Time.GetTimestamp();
        await foreach (var change in cluster.WatchAsync(resource, cancellation))
        {
            // What is there from the start is what the pods begin with.
            if (change.Type == WatchEventType.Added && workers.IsEmpty && options.Time.GetElapsedTime(started) < TimeSpan.FromSeconds(1))
            {
                continue;
            }

            var (name, ns) = (change.Object.Name, change.Object.Namespace);
            foreach (var worker in workers.Values.Where(w => w.Namespace == ns && names(w.References).Contains(name)))
            {
                worker.Refresh();
            }
        }
    }

    private async Task BeatAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(Heartbeat, options.Time, cancellation);
            try
            {
                await RegisterAsync(cancellation);
            }
            catch (ApiException e)
            {
                log.LogWarning("writing the node's status: {Message}", e.Message);
            }
        }
    }
}
