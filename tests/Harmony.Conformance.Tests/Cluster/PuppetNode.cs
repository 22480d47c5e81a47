using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>
/// A node without a machine: its pods run, end or hang as an annotation of theirs says. With it, controllers can be held to what they promise on any
/// cluster, even one without images, a network or real nodes. Other pods are kept off it by a taint; the suite's own name it.
/// </summary>
public sealed class PuppetNode : IAsyncDisposable
{
    /// <summary>On pods: <c>Running</c> (and Ready; the default), <c>Unready</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Pending</c>.</summary>
    public const string OutcomeAnnotation = "conformance.example/outcome";

    public const string Taint = "conformance.example/puppet";

    private static readonly GroupVersionKind Pod = new("", "v1", "Pod");
    private readonly KubernetesApi api;
    private readonly RawApi raw;
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private int address;

    private PuppetNode(KubernetesApi api, RawApi raw, string name)
    {
        this.api = api;
        this.raw = raw;
        Name = name;
    }

    public string Name { get; }

    public static async Task<PuppetNode> StartAsync(KubernetesApi api, RawApi raw, string name)
    {
        var node = new PuppetNode(api, raw, name);
        (await raw.PostAsync("/api/v1/nodes", $$$"""
            {"metadata":{"name":"{{{name}}}","labels":{"kubernetes.io/hostname":"{{{name}}}","kubernetes.io/os":"linux"}},
             "spec":{"taints":[{"key":"{{{Taint}}}","effect":"NoSchedule"}]}}
            """)).Expect(201);
        await node.BeatAsync();
        node.running = Task.WhenAll(Task.Run(node.RunPodsAsync), Task.Run(node.BeatOnAsync));
        return node;
    }

    /// <summary>A pod template on this node.</summary>
    public string Template(string app, string outcome = "Running", string image = "app:1", string spec = "", string container = "") => $$$"""
        {"metadata":{"labels":{"app":"{{{app}}}"},"annotations":{"{{{OutcomeAnnotation}}}":"{{{outcome}}}"} },
         "spec":{"nodeName":"{{{Name}}}",{{{spec}}}"containers":[{"name":"app","image":"{{{image}}}",{{{container}}}"ports":[{"name":"http","containerPort":8080}]}]}}
        """;

    /// <summary>The same as an object of its own.</summary>
    public string PodOf(string name, string app, string outcome = "Running", string spec = "")
    {
        var pod = JsonNode.Parse(Template(app, outcome, spec: spec))!.AsObject();
        pod.Metadata["name"] = name;
        return pod.ToJsonString();
    }

    /// <summary>The kubelet's report on a pod.</summary>
    public async Task ReportAsync(JsonObject pod, string outcome)
    {
        var now = Time();
        var (phase, ready) = outcome switch { "Running" => ("Running", true), "Unready" => ("Running", false), var other => (other, false) };
        var ip = pod.At("status", "podIP").AsText() ?? $"10.250.{Interlocked.Increment(ref address) / 250}.{(address % 250) + 1}";
        JsonObject Condition(string type, bool holds) => new() { ["type"] = type, ["status"] = holds ? "True" : "False", ["lastTransitionTime"] = now };
        var containers = pod.At("spec", "containers").Objects().Select(c => new JsonObject
        {
            ["name"] = c.Text("name"),
            ["image"] = c.Text("image"),
            ["imageID"] = "none",
            ["ready"] = ready,
            ["started"] = phase == "Running",
            ["restartCount"] = 0,
            ["state"] = phase switch
            {
                "Running" => new() { ["running"] = new JsonObject { ["startedAt"] = now } },
                "Pending" => new() { ["waiting"] = new JsonObject { ["reason"] = "ContainerCreating" } },
                _ => new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = phase == "Failed" ? 1 : 0, ["reason"] = phase == "Failed" ? "Error" : "Completed", ["startedAt"] = now, ["finishedAt"] = now } },
            },
        });
        var status = new JsonObject
        {
            ["phase"] = phase,
            ["hostIP"] = "10.250.255.1",
            ["podIP"] = ip,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = ip }),
            ["startTime"] = pod.At("status", "startTime").AsText() ?? now,
            ["conditions"] = new JsonArray(Condition("PodScheduled", holds: true), Condition("Initialized", holds: true), Condition("ContainersReady", ready), Condition("Ready", ready)),
            ["containerStatuses"] = new JsonArray([.. containers]),
        };
        var answer = await raw.PatchAsync(PathOf(pod) + "/status", new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Uid }, ["status"] = status }.ToJsonString());
        answer.Code.ShouldBeOneOf(200, 404, 409);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
        await raw.DeleteAsync($"/api/v1/nodes/{Name}");
    }

    private static string Time() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string PathOf(JsonObject pod) => $"/api/v1/namespaces/{pod.Namespace}/pods/{pod.Name}";

    private async Task RunPodsAsync()
    {
        try
        {
            await foreach (var change in api.WatchAsync(Pod, null, null, stop.Token))
            {
                if (change.Type is KubernetesEventType.Added or KubernetesEventType.Modified && change.Object.At("spec", "nodeName").AsText() == Name)
                {
                    await HandleAsync(change.Object);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task HandleAsync(JsonObject pod)
    {
        var phase = pod.At("status", "phase").AsText();
        if (pod.IsBeingDeleted)
        {
            if (phase is not ("Succeeded" or "Failed"))
            {
                await ReportAsync(pod, "Failed");
            }

            await raw.DeleteAsync(PathOf(pod), $$$"""{"gracePeriodSeconds":0,"preconditions":{"uid":"{{{pod.Uid}}}"}}""");
        }
        else if (pod.At("status", "podIP") is null && pod.Annotation(OutcomeAnnotation) is not "Pending")
        {
            await ReportAsync(pod, pod.Annotation(OutcomeAnnotation) ?? "Running");
        }
    }

    private async Task BeatOnAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10));
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                await BeatAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task BeatAsync()
    {
        JsonObject Condition(string type, string holds) => new()
        {
            ["type"] = type, ["status"] = holds, ["reason"] = "Puppet", ["message"] = "made of paper", ["lastHeartbeatTime"] = Time(), ["lastTransitionTime"] = Time(),
        };
        var room = new JsonObject { ["cpu"] = "64", ["memory"] = "256Gi", ["pods"] = "1000" };
        var status = new JsonObject
        {
            ["capacity"] = room,
            ["allocatable"] = room.DeepClone(),
            ["conditions"] = new JsonArray(Condition("Ready", "True"), Condition("MemoryPressure", "False"), Condition("DiskPressure", "False"), Condition("PIDPressure", "False")),
        };
        await raw.PatchAsync($"/api/v1/nodes/{Name}/status", new JsonObject { ["status"] = status }.ToJsonString());
    }
}
