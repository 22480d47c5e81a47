using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/.</summary>
public sealed class EndpointTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_service_has_the_ready_pods_that_it_selects_as_endpoints()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("services", """{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}}""");
        await ns.CreateAsync("pods", cluster.Node.PodOf("a", "web"));
        await ns.CreateAsync("pods", cluster.Node.PodOf("b", "web", "Unready"));
        await ns.CreateAsync("pods", cluster.Node.PodOf("other", "db"));

        var slice = (await UntilAsync(ns, e => e.Count == 2 && Ready(e, "a") == true && Ready(e, "b") == false)).Single();
        slice.Label("kubernetes.io/service-name").ShouldBe("web");
        slice.Label("endpointslice.kubernetes.io/managed-by").ShouldBe("endpointslice-controller.k8s.io");
        slice.Text("addressType").ShouldBe("IPv4");
        var port = slice["ports"].Objects().ShouldHaveSingleItem();
        (port.Text("name"), port["port"].AsLong(), port.Text("protocol")).ShouldBe(("http", 8080, "TCP"));
        var a = await ns.GetAsync("pods", "a");
        var endpoint = slice["endpoints"].Objects().Single(e => e.At("targetRef", "name").AsText() == "a");
        endpoint["addresses"]![0].AsText().ShouldBe(a.At("status", "podIP").AsText());
        endpoint.Text("nodeName").ShouldBe(cluster.Node.Name);
        endpoint.At("targetRef", "uid").AsText().ShouldBe(a.Uid);
        endpoint.At("conditions", "serving").AsBool().ShouldBe(true);
        endpoint.At("conditions", "terminating").AsBool().ShouldBe(false);
        slice.Controller!.Text("kind").ShouldBe("Service");

        await cluster.Node.ReportAsync(await ns.GetAsync("pods", "b"), "Running");
        await UntilAsync(ns, e => e.Count == 2 && Ready(e, "b") == true);
        await ns.Raw.DeleteAsync(ns["pods", "a"]);
        await UntilAsync(ns, e => e.Count == 1 && Ready(e, "b") == true);
    }

    [Fact]
    public async Task Addresses_that_are_not_ready_are_published_where_the_service_says_so()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("services", """{"metadata":{"name":"web"},"spec":{"clusterIP":"None","publishNotReadyAddresses":true,"selector":{"app":"web"},"ports":[{"port":80}]}}""");
        await ns.CreateAsync("pods", cluster.Node.PodOf("a", "web", "Unready"));
        var slice = (await UntilAsync(ns, e => e.Count == 1 && Ready(e, "a") == true)).Single();
        slice.Label("service.kubernetes.io/headless").ShouldBe("");
    }

    [Fact]
    public async Task The_older_endpoints_object_tells_the_same()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("services", """{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]}}""");
        await ns.CreateAsync("pods", cluster.Node.PodOf("a", "web"));
        await ns.CreateAsync("pods", cluster.Node.PodOf("b", "web", "Unready"));
        await ns.UntilAsync("endpoints", "web", e => e["subsets"].Objects().SingleOrDefault() is { } s
            && s["addresses"].Objects().Select(a => a.At("targetRef", "name").AsText()).SequenceEqual(["a"])
            && s["notReadyAddresses"].Objects().Select(a => a.At("targetRef", "name").AsText()).SequenceEqual(["b"]));
    }

    [Fact]
    public async Task Endpoints_that_somebody_else_made_for_a_service_without_selector_stay()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("services", """{"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}""");
        await ns.CreateAsync("endpointslices", """{"metadata":{"name":"mine","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","endpoints":[{"addresses":["10.1.2.3"]}],"ports":[{"port":80}]}""");
        await Until.HoldsAsync(async () => (await ns.ListAsync("endpointslices")).Count == 1, TimeSpan.FromSeconds(1), "the slice stays alone");
    }

    [Fact]
    public async Task Slices_go_with_their_service()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("services", """{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}""");
        await ns.UntilListAsync("endpointslices", l => l.Count == 1);
        (await ns.Raw.DeleteAsync(ns["services", "web"])).Expect(200);
        await ns.UntilListAsync("endpointslices", l => l.Count == 0);
        await ns.UntilGoneAsync("endpoints", "web");
    }

    private static bool? Ready(IReadOnlyList<JsonObject> endpoints, string pod) => endpoints.SingleOrDefault(e => e.At("targetRef", "name").AsText() == pod)?.At("conditions", "ready").AsBool();

    private static Task<IReadOnlyList<JsonObject>> UntilAsync(TestNamespace ns, Func<IReadOnlyList<JsonObject>, bool> condition) =>
        ns.UntilListAsync("endpointslices", l => condition([.. l.SelectMany(s => s["endpoints"].Objects())]));
}
