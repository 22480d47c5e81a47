using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/.</summary>
public sealed class DeploymentTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_deployment_rolls_out_and_says_so()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 2);

        var web = await UntilRolledOutAsync(ns, 2);

        web.At("status", "observedGeneration").AsLong().ShouldBe(1);
        web.At("status", "replicas").AsLong().ShouldBe(2);
        web.At("status", "unavailableReplicas").ShouldBeNull();
        web.Condition("Available")!.Text("status").ShouldBe("True");
        web.Condition("Available")!.Text("reason").ShouldBe("MinimumReplicasAvailable");
        web.Annotation("deployment.kubernetes.io/revision").ShouldBe("1");
        var set = (await ns.ListAsync("replicasets")).ShouldHaveSingleItem();
        set.Name.ShouldBe("web-" + set.Label("pod-template-hash"));
        set.Controller!.Text("uid").ShouldBe(web.Uid);
        set.Annotation("deployment.kubernetes.io/desired-replicas").ShouldBe("2");
        set.At("spec", "selector", "matchLabels", "pod-template-hash").AsText().ShouldBe(set.Label("pod-template-hash"));
        (await ns.ListAsync("pods")).Select(p => p.Controller!.Text("uid")).Distinct().ShouldBe([set.Uid]);
    }

    [Fact]
    public async Task A_new_template_replaces_all_pods_and_going_back_takes_the_old_replica_set()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 2);
        await UntilRolledOutAsync(ns, 2);
        var first = (await ns.ListAsync("replicasets")).Single();

        await SetImageAsync(ns, "app:2");
        var web = await UntilRolledOutAsync(ns, 2);
        web.Annotation("deployment.kubernetes.io/revision").ShouldBe("2");
        await UntilImagesAsync(ns, "app:2", 2);
        (await ns.ListAsync("replicasets")).Select(s => s.At("spec", "replicas").AsLong()).Order().ShouldBe([0, 2]);

        await SetImageAsync(ns, "app:1");
        web = await UntilRolledOutAsync(ns, 2);
        web.Annotation("deployment.kubernetes.io/revision").ShouldBe("3");
        var sets = await ns.ListAsync("replicasets");
        sets.Count.ShouldBe(2);
        var back = sets.Single(s => s.Name == first.Name);
        back.Annotation("deployment.kubernetes.io/revision").ShouldBe("3");
        back.Annotation("deployment.kubernetes.io/revision-history").ShouldBe("1");
        await UntilImagesAsync(ns, "app:1", 2);
    }

    [Fact]
    public async Task A_template_that_never_gets_ready_leaves_the_old_pods_and_passes_its_deadline()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 2, "\"progressDeadlineSeconds\":1,");
        await UntilRolledOutAsync(ns, 2);

        await ns.PatchAsync("deployments", "web", Outcome("Unready"));

        var web = await ns.UntilAsync("deployments", "web", d => d.Condition("Progressing")?.Text("reason") == "ProgressDeadlineExceeded" && d.At("status", "updatedReplicas").AsLong() == 1);
        web.Condition("Progressing")!.Text("status").ShouldBe("False");
        web.Condition("Available")!.Text("status").ShouldBe("True");
        web.At("status", "availableReplicas").AsLong().ShouldBe(2);
    }

    [Fact]
    public async Task It_is_scaled_up_and_down_through_its_scale()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 1);
        await UntilRolledOutAsync(ns, 1);

        var scale = await ns.PatchAsync("deployments", "web/scale", """{"spec":{"replicas":3}}""");
        scale.Kind.ShouldBe("Scale");
        scale.At("status", "selector").AsText().ShouldBe("app=web");
        await UntilRolledOutAsync(ns, 3);
        (await ns.GetAsync("deployments", "web/scale")).At("status", "replicas").AsLong().ShouldBe(3);

        await ns.PatchAsync("deployments", "web", """{"spec":{"replicas":0}}""");
        await ns.UntilListAsync("pods", l => l.Count == 0);
        (await ns.UntilAsync("deployments", "web", d => d.At("status", "replicas") is null)).Annotation("deployment.kubernetes.io/revision").ShouldBe("1");
    }

    [Fact]
    public async Task A_paused_one_scales_and_does_not_roll()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 1);
        await UntilRolledOutAsync(ns, 1);

        await ns.PatchAsync("deployments", "web", """{"spec":{"paused":true,"replicas":2}}""");
        await SetImageAsync(ns, "app:2");
        await ns.UntilAsync("deployments", "web", d => d.Condition("Progressing")?.Text("reason") == "DeploymentPaused" && d.At("status", "availableReplicas").AsLong() == 2);
        (await ns.ListAsync("replicasets")).Count.ShouldBe(1);
        await UntilImagesAsync(ns, "app:1", 2);

        await ns.PatchAsync("deployments", "web", """{"spec":{"paused":null}}""");
        await UntilImagesAsync(ns, "app:2", 2);
    }

    [Fact]
    public async Task Recreate_ends_all_old_pods_before_new_ones()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 2, "\"strategy\":{\"type\":\"Recreate\"},");
        await UntilRolledOutAsync(ns, 2);
        var version = (await ns.Raw.GetAsync(ns["pods"])).Body.ResourceVersion;

        await SetImageAsync(ns, "app:2");
        await UntilImagesAsync(ns, "app:2", 2);

        var events = await ns.Raw.WatchAsync($"{ns["pods"]}?resourceVersion={version}", atMost: 1000, seconds: 1);
        var added = events.FindIndex(e => e.Text("type") == "ADDED");
        events.FindLastIndex(e => e.Text("type") == "DELETED").ShouldBeLessThan(added);
    }

    [Fact]
    public async Task Only_so_many_old_replica_sets_are_kept()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 1, "\"revisionHistoryLimit\":1,");
        foreach (var image in new[] { "app:2", "app:3", "app:4" })
        {
            await UntilRolledOutAsync(ns, 1);
            await SetImageAsync(ns, image);
        }

        await UntilRolledOutAsync(ns, 1);
        await ns.UntilListAsync("replicasets", l => l.Count == 2);
    }

    [Fact]
    public async Task Its_pods_and_replica_sets_go_with_it()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DeployAsync(ns, replicas: 2);
        await UntilRolledOutAsync(ns, 2);
        (await ns.Raw.DeleteAsync(ns["deployments", "web"])).Expect(200);
        await ns.UntilListAsync("replicasets", l => l.Count == 0);
        await ns.UntilListAsync("pods", l => l.Count == 0);
    }

    private Task DeployAsync(TestNamespace ns, int replicas, string extra = "") => ns.CreateAsync("deployments", Api.ObjectTests.Deployment(cluster, $"\"replicas\":{replicas},{extra}"));

    private static string Outcome(string outcome) => $$$$$$"""{"spec":{"template":{"metadata":{"annotations":{"{{{{{{PuppetNode.OutcomeAnnotation}}}}}}":"{{{{{{outcome}}}}}}"}}}}}""";

    private static Task SetImageAsync(TestNamespace ns, string image) =>
        ns.PatchAsync("deployments", "web", $$$$$"""{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"{{{{{image}}}}}"}]}}}}""", RawApi.StrategicMergePatch);

    private static Task UntilImagesAsync(TestNamespace ns, string image, int count) =>
        ns.UntilListAsync("pods", l => l.Count == count && l.All(p => p["spec"]!["containers"]![0]!["image"].AsText() == image && p.Condition("Ready")?.Text("status") == "True"));

    private static Task<System.Text.Json.Nodes.JsonObject> UntilRolledOutAsync(TestNamespace ns, int replicas) => ns.UntilAsync(
        "deployments",
        "web",
        d => d.At("status", "observedGeneration").AsLong() == d.Generation && d.At("status", "availableReplicas").AsLong() == replicas
            && d.At("status", "updatedReplicas").AsLong() == replicas && d.At("status", "replicas").AsLong() == replicas
            && d.Condition("Progressing")?.Text("reason") == "NewReplicaSetAvailable");
}
