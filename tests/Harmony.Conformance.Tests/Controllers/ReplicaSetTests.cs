using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/.</summary>
public sealed class ReplicaSetTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_lost_pod_is_replaced()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 2);
        var pods = await UntilReadyAsync(ns, 2);
        (await ns.Raw.DeleteAsync(ns["pods", pods[0].Name])).Expect(200);
        await ns.UntilGoneAsync("pods", pods[0].Name);
        (await UntilReadyAsync(ns, 2)).Select(p => p.Name).ShouldContain(pods[1].Name);
        await ns.UntilAsync("replicasets", "rs", s => s.At("status", "readyReplicas").AsLong() == 2 && s.At("status", "availableReplicas").AsLong() == 2);
    }

    [Fact]
    public async Task A_failed_pod_is_replaced()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 1);
        var pod = (await UntilReadyAsync(ns, 1))[0];
        await cluster.Node.ReportAsync(pod, "Failed");
        await ns.UntilListAsync("pods", l => l.Any(p => p.Name != pod.Name && p.Condition("Ready")?.Text("status") == "True"));
    }

    [Fact]
    public async Task A_pod_without_owner_that_matches_is_adopted()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("pods", cluster.Node.PodOf("orphan", "web"));
        var set = await CreateAsync(ns, 2);
        var pods = await UntilReadyAsync(ns, 2);
        pods.Single(p => p.Name == "orphan").Controller!.Text("uid").ShouldBe(set.Uid);
    }

    [Fact]
    public async Task A_pod_that_matches_no_more_is_released_and_replaced()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 1);
        var pod = (await UntilReadyAsync(ns, 1))[0];
        await ns.PatchAsync("pods", pod.Name, """{"metadata":{"labels":{"app":"other"}}}""");
        await ns.UntilListAsync("pods", l => l.Count == 1 && l[0].Name != pod.Name, "?labelSelector=app%3Dweb");
        await ns.UntilAsync("pods", pod.Name, p => p.Controller is null);
    }

    [Fact]
    public async Task Scaling_down_ends_pods_that_are_not_ready_first()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 3);
        var pods = await UntilReadyAsync(ns, 3);
        await cluster.Node.ReportAsync(pods[1], "Unready");
        await ns.UntilAsync("replicasets", "rs", s => s.At("status", "readyReplicas").AsLong() == 2);
        await ns.PatchAsync("replicasets", "rs", """{"spec":{"replicas":2}}""");
        (await ns.UntilListAsync("pods", l => l.Count == 2)).Select(p => p.Name).ShouldNotContain(pods[1].Name);
    }

    private Task<System.Text.Json.Nodes.JsonObject> CreateAsync(TestNamespace ns, int replicas) => ns.CreateAsync(
        "replicasets",
        $$$"""{"metadata":{"name":"rs"},"spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"web"}},"template":{{{cluster.Node.Template("web")}}}}}""");

    private static Task<IReadOnlyList<System.Text.Json.Nodes.JsonObject>> UntilReadyAsync(TestNamespace ns, int count) =>
        ns.UntilListAsync("pods", l => l.Count == count && l.All(p => p.Condition("Ready")?.Text("status") == "True"));
}
