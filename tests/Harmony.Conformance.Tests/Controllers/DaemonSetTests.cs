using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

public sealed class DaemonSetTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_daemon_runs_once_on_every_node_that_it_is_meant_for()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var set = await ns.CreateAsync("daemonsets", $$$$$"""
            {"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},
             "spec":{"nodeSelector":{"kubernetes.io/hostname":"{{{{{cluster.Node.Name}}}}}"},"tolerations":[{"key":"{{{{{PuppetNode.Taint}}}}}","operator":"Exists"}],"containers":[{"name":"app","image":"app:1"}]}}}}
            """);
        var ready = await ns.UntilAsync("daemonsets", "agent", s => s.At("status", "numberAvailable").AsLong() == 1);
        ready.At("status", "desiredNumberScheduled").AsLong().ShouldBe(1);
        ready.At("status", "numberMisscheduled").AsLong().ShouldBe(0);
        var pod = (await ns.ListAsync("pods")).ShouldHaveSingleItem();
        pod.At("spec", "nodeName").AsText().ShouldBe(cluster.Node.Name);
        pod.Controller!.Text("uid").ShouldBe(set.Uid);

        (await ns.Raw.DeleteAsync(ns["pods", pod.Name])).Expect(200);
        await ns.UntilListAsync("pods", l => l.Count == 1 && l[0].Name != pod.Name && l[0].Condition("Ready")?.Text("status") == "True");

        await ns.PatchAsync("daemonsets", "agent", """{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}""", RawApi.StrategicMergePatch);
        await ns.UntilAsync("daemonsets", "agent", s => s.At("status", "updatedNumberScheduled").AsLong() == 1 && s.At("status", "numberAvailable").AsLong() == 1 && s.At("status", "observedGeneration").AsLong() == s.Generation);
        (await ns.ListAsync("pods")).Single()["spec"]!["containers"]![0]!["image"].AsText().ShouldBe("app:2");
    }

    [Fact]
    public async Task A_daemon_that_tolerates_nothing_stays_off_tainted_nodes()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("daemonsets", $$$$$"""
            {"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},
             "spec":{"nodeSelector":{"kubernetes.io/hostname":"{{{{{cluster.Node.Name}}}}}"},"containers":[{"name":"app","image":"app:1"}]}}}}
            """);
        (await ns.UntilAsync("daemonsets", "agent", s => s.At("status", "observedGeneration").AsLong() == 1)).At("status", "desiredNumberScheduled").AsLong().ShouldBe(0);
        (await ns.ListAsync("pods")).ShouldBeEmpty();
    }
}
