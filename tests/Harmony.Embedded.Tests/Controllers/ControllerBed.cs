using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Embedded.Tests.Controllers;

/// <summary>The real controllers on an API in memory, with a node that runs what is bound to it.</summary>
internal sealed class ControllerBed : IAsyncDisposable
{
    public const string Namespace = "shop";
    private readonly CancellationTokenSource stopping = new();
    private readonly Task host;
    private readonly Task kubelet;

    public ControllerBed(Func<ControllerContext, IReadOnlyList<Reconciler>>? controllers = null)
    {
        Cluster = new(Time);
        Volumes = Path.Combine(Path.GetTempPath(), $"harmony-volumes-{Guid.NewGuid():N}");
        host = new ControllerHost("controllers", Cluster, Time, null, controllers ?? (c => EmbeddedControllers.All(c, Volumes, "the CA"))).RunAsync(stopping.Token);
        kubelet = RunPodsAsync();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 1, 41, 30, TimeSpan.Zero));

    public FakeCluster Cluster { get; }

    public string Volumes { get; }

    /// <summary>What becomes of a pod on the node: Running (and ready), Succeeded, Failed, or null for a pod that never gets anywhere.</summary>
    public Func<JsonObject, string?> Outcome { get; set; } = _ => "Running";

    public static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    public Task<JsonObject> CreateAsync(ApiResource resource, string json)
    {
        var obj = Parse(json);
        if (resource.Namespaced)
        {
            obj.Metadata["namespace"] ??= Namespace;
        }

        obj["apiVersion"] ??= resource.ApiVersion;
        obj["kind"] ??= resource.Kind;
        return Cluster.CreateAsync(resource, obj, default);
    }

    public Task<JsonObject> AddNodeAsync(string cpu = "4", string memory = "8Gi", string pods = "110", string extra = "") => CreateAsync(
        BuiltInResources.Nodes,
        $$$$$"""{"metadata":{"name":"node-1","labels":{"kubernetes.io/hostname":"node-1"}},"spec":{{{{{{extra}}}}}},"status":{"allocatable":{"cpu":"{{{{{cpu}}}}}","memory":"{{{{{memory}}}}}","pods":"{{{{{pods}}}}}"}}}""");

    public JsonObject? Get(ApiResource resource, string name) => Cluster.Get(resource, resource.Namespaced ? Namespace : null, name);

    public IReadOnlyList<JsonObject> List(ApiResource resource) => Cluster.List(resource);

    public async Task ChangeAsync(ApiResource resource, string name, Action<JsonObject> change, string? subresource = null)
    {
        while (true)
        {
            var obj = Get(resource, name) ?? throw new InvalidOperationException($"{resource} {name} is not there.");
            change(obj);
            try
            {
                await Cluster.UpdateAsync(resource, obj, subresource, default);
                return;
            }
            catch (ApiException e) when (e.IsConflict)
            {
            }
        }
    }

    /// <summary>The node reports a pod's new state.</summary>
    public Task SetPhaseAsync(string pod, string phase, bool ready = true) => ChangeAsync(
        BuiltInResources.Pods,
        pod,
        p =>
        {
            var status = p.Child("status");
            status["phase"] = phase;
            status["podIP"] = "10.0.0.7";
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = "10.0.0.7" });
            var now = Timestamps.Format(Time.GetUtcNow());
            Conditions.Set(status, Conditions.New("Ready", phase == "Running" && ready ? "True" : "False", "", "", now));
            if (phase is "Succeeded" or "Failed")
            {
                status["containerStatuses"] = new JsonArray(new JsonObject
                {
                    ["name"] = "app",
                    ["state"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = phase == "Failed" ? 2 : 0, ["finishedAt"] = now } },
                });
            }
        },
        "status");

    public IEnumerable<string> Events(string reason) =>
        Cluster.List(BuiltInResources.Events).Where(e => e.Text("reason") == reason).Select(e => e.Text("message")!);

    public Task UntilAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string? what = null) =>
        Cluster.UntilAsync(condition, what);

    /// <summary>Lets time pass, step by step, until the condition holds: what is due later is only known when what is due now was done.</summary>
    public async Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        for (var i = 0; i < 60 && !condition(); i++)
        {
            for (var quiet = 0; quiet < 5 && !condition(); quiet++)
            {
                var writes = Cluster.Writes;
                await Task.Delay(10);
                quiet = writes == Cluster.Writes ? quiet : 0;
            }

            if (!condition())
            {
                Time.Advance(step);
            }
        }

        await UntilAsync(condition, what);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        foreach (var task in (Task[])[host, kubelet])
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException)
            {
            }
        }

        stopping.Dispose();
        if (Directory.Exists(Volumes))
        {
            Directory.Delete(Volumes, recursive: true);
        }
    }

    private async Task RunPodsAsync()
    {
        await foreach (var change in Cluster.WatchAsync(BuiltInResources.Pods, stopping.Token))
        {
            var pod = change.Object;
            try
            {
                if (change.Type == WatchEventType.Deleted)
                {
                    continue;
                }

                if (pod.IsBeingDeleted && !pod.IsTerminal)
                {
                    await Cluster.DeleteAsync(BuiltInResources.Pods, pod.Namespace, pod.Name, new() { GracePeriodSeconds = 0 }, default);
                }
                else if (pod.NodeName is not null && pod.Phase == "Pending" && Outcome(pod) is { } phase)
                {
                    await SetPhaseAsync(pod.Name, phase);
                }
            }
            catch (Exception e) when (e is ApiException or InvalidOperationException)
            {
                // It went while the node was looking.
            }
        }
    }
}
