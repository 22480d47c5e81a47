using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/.</summary>
public sealed class StatefulSetTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task Pods_start_one_after_the_other_each_with_its_own_claim()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 2, outcome: "Unready", claims: true);
        var first = await ns.UntilAsync("pods", "db-0", p => p.At("status", "phase").AsText() == "Running");
        await Until.HoldsAsync(async () => !await ns.ExistsAsync("pods", "db-1"), TimeSpan.FromSeconds(1), "db-1 waits for db-0 to be ready");

        await cluster.Node.ReportAsync(first, "Running");
        var second = await ns.UntilAsync("pods", "db-1", p => p.At("status", "phase").AsText() == "Running");
        await cluster.Node.ReportAsync(second, "Running");
        await ns.UntilAsync("statefulsets", "db", s => s.At("status", "readyReplicas").AsLong() == 2 && s.At("status", "currentReplicas").AsLong() == 2);

        second.Label("statefulset.kubernetes.io/pod-name").ShouldBe("db-1");
        second.Label("apps.kubernetes.io/pod-index").ShouldBe("1");
        second.At("spec", "hostname").AsText().ShouldBe("db-1");
        second.At("spec", "subdomain").AsText().ShouldBe("db");
        second.At("spec", "volumes").Objects().Single(v => v.Text("name") == "data").At("persistentVolumeClaim", "claimName").AsText().ShouldBe("data-db-1");
        (await ns.ListAsync("persistentvolumeclaims")).Select(c => c.Name).ShouldBe(["data-db-0", "data-db-1"]);
    }

    [Fact]
    public async Task Scaling_down_ends_the_last_first_and_keeps_the_claims()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 3, claims: true);
        await UntilReadyAsync(ns, 3);
        var version = (await ns.Raw.GetAsync(ns["pods"])).Body.ResourceVersion;
        await ns.PatchAsync("statefulsets", "db", """{"spec":{"replicas":1}}""");
        await ns.UntilListAsync("pods", l => l.Count == 1 && l[0].Name == "db-0");
        var deleted = await ns.Raw.WatchAsync($"{ns["pods"]}?resourceVersion={version}", atMost: 1000, seconds: 1);
        deleted.Where(e => e.Text("type") == "DELETED").Select(e => e["object"]!.AsObject().Name).ShouldBe(["db-2", "db-1"]);
        (await ns.ListAsync("persistentvolumeclaims")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_lost_pod_comes_back_under_its_name()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 2);
        await UntilReadyAsync(ns, 2);
        var before = await ns.GetAsync("pods", "db-0");
        (await ns.Raw.DeleteAsync(ns["pods", "db-0"])).Expect(200);
        await ns.UntilAsync("pods", "db-0", p => p.Uid != before.Uid && p.Condition("Ready")?.Text("status") == "True");
    }

    [Fact]
    public async Task A_rolling_update_goes_from_the_last_to_the_first()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 3);
        await UntilReadyAsync(ns, 3);
        var version = (await ns.Raw.GetAsync(ns["pods"])).Body.ResourceVersion;
        await SetImageAsync(ns);
        var set = await ns.UntilAsync("statefulsets", "db", s => s.At("status", "observedGeneration").AsLong() == s.Generation && s.At("status", "updatedReplicas").AsLong() == 3 && s.At("status", "readyReplicas").AsLong() == 3 && s.At("status", "currentRevision").AsText() == s.At("status", "updateRevision").AsText());
        var events = await ns.Raw.WatchAsync($"{ns["pods"]}?resourceVersion={version}", atMost: 1000, seconds: 1);
        events.Where(e => e.Text("type") == "ADDED").Select(e => e["object"]!.AsObject().Name).ShouldBe(["db-2", "db-1", "db-0"]);
        (await ns.ListAsync("pods")).ShouldAllBe(p => p["spec"]!["containers"]![0]!["image"]!.GetValue<string>() == "app:2");
        (await ns.ListAsync("controllerrevisions")).Count.ShouldBe(2);
        (await ns.GetAsync("pods", "db-0")).Label("controller-revision-hash").ShouldBe(set.At("status", "updateRevision").AsText());
    }

    [Fact]
    public async Task A_partition_keeps_the_pods_before_it_as_they_were()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 2, extra: "\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":1}},");
        await UntilReadyAsync(ns, 2);
        await SetImageAsync(ns);
        await ns.UntilAsync("pods", "db-1", p => p["spec"]!["containers"]![0]!["image"].AsText() == "app:2" && p.Condition("Ready")?.Text("status") == "True");
        (await ns.GetAsync("pods", "db-0"))["spec"]!["containers"]![0]!["image"].AsText().ShouldBe("app:1");
    }

    [Fact]
    public async Task Parallel_pods_do_not_wait_for_each_other()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await CreateAsync(ns, 3, outcome: "Unready", extra: "\"podManagementPolicy\":\"Parallel\",");
        await ns.UntilListAsync("pods", l => l.Count == 3);
    }

    private static Task SetImageAsync(TestNamespace ns) =>
        ns.PatchAsync("statefulsets", "db", """{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}""", RawApi.StrategicMergePatch);

    private static Task UntilReadyAsync(TestNamespace ns, int count) => ns.UntilAsync("statefulsets", "db", s => s.At("status", "readyReplicas").AsLong() == count);

    private Task CreateAsync(TestNamespace ns, int replicas, string outcome = "Running", bool claims = false, string extra = "")
    {
        const string Claims = """ "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}],""";
        return ns.CreateAsync("statefulsets", $$$"""
            {"metadata":{"name":"db"},"spec":{"replicas":{{{replicas}}},"serviceName":"db",{{{extra}}}"selector":{"matchLabels":{"app":"db"}},
             {{{(claims ? Claims : "")}}}"template":{{{cluster.Node.Template("db", outcome)}}}}}
            """);
    }
}
