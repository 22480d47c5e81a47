using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Tests.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Scheduling;

public sealed class SchedulerTests : IAsyncDisposable
{
    private const string Hopeless = " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    private const string NoVictims = " no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_pod_that_fits_is_bound_and_an_event_tells_it()
    {
        await bed.AddNodeAsync();
        await PodAsync("a", "");
        await bed.UntilAsync(() => Pod("a").NodeName == "node-1");
        await bed.UntilAsync(() => bed.Events("Scheduled").Contains("Successfully assigned shop/a to node-1"));
    }

    [Theory]
    [InlineData("\"containers\":[{\"name\":\"app\",\"resources\":{\"requests\":{\"cpu\":\"64\"}}}]", "1 Insufficient cpu.")]
    [InlineData("\"containers\":[{\"name\":\"app\",\"resources\":{\"requests\":{\"memory\":\"512Gi\"}}}]", "1 Insufficient memory.")]
    [InlineData("\"containers\":[{\"name\":\"app\",\"resources\":{\"limits\":{\"nvidia.com/gpu\":1}}}]", "1 Insufficient nvidia.com/gpu.")]
    [InlineData("\"nodeSelector\":{\"disk\":\"ssd\"}", "1 node(s) didn't match Pod's node affinity/selector.")]
    public async Task A_pod_that_can_never_fit_is_refused_in_kubes_words(string spec, string reason)
    {
        await bed.AddNodeAsync();
        await PodAsync("a", spec);
        await bed.UntilAsync(() => bed.Events("FailedScheduling").Any());
        Pod("a").Condition("PodScheduled")!.Text("reason").ShouldBe("Unschedulable");
        Pod("a").Condition("PodScheduled")!.Text("message").ShouldBe($"0/1 nodes are available: {reason}{Hopeless}");
        bed.Events("FailedScheduling").ShouldHaveSingleItem().ShouldBe($"0/1 nodes are available: {reason}{Hopeless}");
    }

    [Theory]
    [InlineData("\"taints\":[{\"key\":\"dedicated\",\"value\":\"db\",\"effect\":\"NoSchedule\"}]", "1 node(s) had untolerated taint(s).")]
    [InlineData("\"unschedulable\":true", "1 node(s) were unschedulable.")]
    public async Task A_node_that_takes_nobody_is_named_until_it_does(string node, string reason)
    {
        await bed.AddNodeAsync(extra: node);
        await PodAsync("a", "");
        await bed.UntilAsync(() => Message("a") == $"0/1 nodes are available: {reason}{Hopeless}");

        await bed.ChangeAsync(BuiltInResources.Nodes, "node-1", n => n["spec"] = new JsonObject());
        await bed.UntilAsync(() => Pod("a").NodeName == "node-1");
    }

    [Theory]
    [InlineData("\"containers\":[{\"name\":\"app\",\"ports\":[{\"containerPort\":80,\"hostPort\":8080}]}]", "1 node(s) didn't have free ports for the requested pod ports.")]
    [InlineData("\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{\"topologyKey\":\"kubernetes.io/hostname\",\"labelSelector\":{\"matchLabels\":{\"app\":\"x\"}}}]}}", "1 node(s) didn't satisfy existing pods anti-affinity rules.")]
    [InlineData("\"containers\":[{\"name\":\"app\",\"resources\":{\"requests\":{\"cpu\":\"3\"}}}]", "1 Insufficient cpu.")]
    public async Task What_another_pod_has_taken_is_free_again_when_that_pod_is_gone(string spec, string reason)
    {
        await bed.AddNodeAsync();
        await PodAsync("a", spec);
        await bed.UntilAsync(() => Pod("a").NodeName is not null);
        await PodAsync("b", spec);
        await bed.UntilAsync(() => Message("b") == $"0/1 nodes are available: {reason}{NoVictims}");

        await bed.Cluster.DeleteAsync(BuiltInResources.Pods, ControllerBed.Namespace, "a", DeleteOptions.Background, default);
        await bed.UntilAsync(() => Pod("b").NodeName is not null);
    }

    [Fact]
    public async Task A_pod_that_ended_holds_nothing()
    {
        await bed.AddNodeAsync(cpu: "1");
        bed.Outcome = _ => "Succeeded";
        const string Spec = "\"containers\":[{\"name\":\"app\",\"resources\":{\"requests\":{\"cpu\":\"800m\"}}}]";
        await PodAsync("a", Spec);
        await PodAsync("b", Spec);
        await bed.UntilAsync(() => Pod("a").Phase == "Succeeded" && Pod("b").Phase == "Succeeded");
    }

    [Fact]
    public async Task A_claim_that_is_missing_is_named()
    {
        await bed.AddNodeAsync();
        await PodAsync("a", "\"volumes\":[{\"name\":\"d\",\"persistentVolumeClaim\":{\"claimName\":\"app-data\"}}]");
        await bed.UntilAsync(() => Message("a") == "0/1 nodes are available: persistentvolumeclaim \"app-data\" not found. not found");
    }

    [Fact]
    public async Task A_gated_pod_waits_for_its_gates()
    {
        await bed.AddNodeAsync();
        await PodAsync("a", "\"schedulingGates\":[{\"name\":\"x\"}]");
        await bed.UntilAsync(() => Pod("a").Condition("PodScheduled")?.Text("reason") == "SchedulingGated");
        await bed.ChangeAsync(BuiltInResources.Pods, "a", p => p.Child("spec").Remove("schedulingGates"));
        await bed.UntilAsync(() => Pod("a").NodeName is not null);
    }

    private JsonObject Pod(string name) => bed.Get(BuiltInResources.Pods, name)!;

    private string? Message(string name) => Pod(name).Condition("PodScheduled")?.Text("message");

    private Task PodAsync(string name, string spec) =>
        bed.CreateAsync(BuiltInResources.Pods, $$$"""{"metadata":{"name":"{{{name}}}","labels":{"app":"x"}},"spec":{{{{spec}}}}}""");
}
