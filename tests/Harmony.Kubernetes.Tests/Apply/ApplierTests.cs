using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Apply;

public sealed class ApplierTests
{
    private static readonly ApplySet Set = new("harmony-shop", "shop");
    private readonly CancellationToken bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;
    private readonly ConcurrentQueue<ApplyProgress> told = new();

    [Fact]
    public async Task A_set_is_applied_in_order_and_recorded()
    {
        await using var server = await FakeApiServer.StartAsync();
        var report = await ApplyAsync(server, Deployment("web", "web"), Map("config"), Object("example.com/v1", "Widget", "w"), Definition(), Object("v1", "Namespace", "extra"));
        report.Succeeded.ShouldBeTrue();
        report.Objects.Select(o => o.Step).Distinct().ShouldBe([ApplyStep.Created]);
        var patches = server.Requests.Where(r => r.StartsWith("PATCH", StringComparison.Ordinal)).Select(r => r.Split('/')[^2]).ToList();
        patches.Take(4).ShouldBe(["secrets", "namespaces", "customresourcedefinitions", "configmaps"]);
        patches.Skip(4).Order().ShouldBe(["deployments", "widgets"]);
        server.Find("ConfigMap", "config")!.Namespace.ShouldBe("shop");
        server.Find("ConfigMap", "config")!.Label(ApplySet.PartOf).ShouldBe(Set.Id);
        server.Find("Namespace", "extra")!.Namespace.ShouldBeNull();
        var parent = server.Find("Secret", "harmony-shop")!;
        parent.Label("applyset.kubernetes.io/id").ShouldBe(Set.Id);
        parent.Annotation("applyset.kubernetes.io/contains-group-kinds").ShouldBe("ConfigMap,CustomResourceDefinition.apiextensions.k8s.io,Deployment.apps,Namespace,Widget.example.com");
    }

    [Fact]
    public async Task What_has_not_changed_is_unchanged_and_nothing_is_written_for_it()
    {
        await using var server = await FakeApiServer.StartAsync();
        await ApplyAsync(server, Map("a"), Map("b"));
        server.Requests.Clear();
        var report = await ApplyAsync(server, Map("a"), Map("b", "new"));
        report.Objects.ToDictionary(o => o.Name, o => o.Step).ShouldBe(new Dictionary<string, ApplyStep> { ["a"] = ApplyStep.Unchanged, ["b"] = ApplyStep.Configured }, ignoreOrder: true);
        server.Requests.ShouldNotContain(r => r == "PATCH /api/v1/namespaces/shop/secrets/harmony-shop");
    }

    [Fact]
    public async Task What_left_the_set_is_pruned_and_nothing_else()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "foreign"));
        await ApplyAsync(server, Map("a"), Map("b"), Object("v1", "PersistentVolumeClaim", "data"), Deployment("web", "web"));
        var report = await ApplyAsync(server, Map("a"));
        report.Objects.Where(o => o.Step == ApplyStep.Pruned).Select(o => o.Name).Order().ShouldBe(["b", "web"]);
        report.Objects.Single(o => o.Step == ApplyStep.Kept).Name.ShouldBe("data");
        server.Find("ConfigMap", "foreign").ShouldNotBeNull();
        server.Find("PersistentVolumeClaim", "data").ShouldNotBeNull();
        server.Find("Secret", "harmony-shop")!.Annotation("applyset.kubernetes.io/contains-group-kinds").ShouldBe("ConfigMap,PersistentVolumeClaim");

        await new Applier(server.Api).ApplyAsync(Set, [Map("a")], new() { DeleteVolumes = true }, null, bound);
        server.Find("PersistentVolumeClaim", "data").ShouldBeNull();
    }

    [Fact]
    public async Task A_namespace_that_was_there_before_is_never_pruned()
    {
        await using var server = await FakeApiServer.StartAsync();
        await ApplyAsync(server, Object("v1", "Namespace", "shop"), Object("v1", "Namespace", "ours"), Map("a"));
        var report = await ApplyAsync(server, Map("a"));
        report.Objects.Where(o => o.Step == ApplyStep.Pruned).Select(o => o.Name).ShouldBe(["ours"]);
        server.Find("Namespace", "shop").ShouldNotBeNull();
    }

    [Fact]
    public async Task What_cannot_be_changed_is_replaced_after_saying_so()
    {
        await using var server = await FakeApiServer.StartAsync();
        await ApplyAsync(server, Deployment("web", "old"));
        var uid = server.Find("Deployment", "web")!.Uid;
        told.Clear();
        var report = await ApplyAsync(server, Deployment("web", "new"));
        report.Objects.ShouldHaveSingleItem().Step.ShouldBe(ApplyStep.Replaced);
        told.Select(t => t.Step).ShouldBe([ApplyStep.Replacing, ApplyStep.Replaced]);
        told.First().Reason.ShouldNotBeNull().ShouldContain("field is immutable");
        server.Find("Deployment", "web")!.Uid.ShouldNotBe(uid);
    }

    [Fact]
    public async Task A_failing_object_hides_no_other_and_stops_what_comes_after()
    {
        await using var server = await FakeApiServer.StartAsync();
        await ApplyAsync(server, Map("leaving"));
        var report = await ApplyAsync(server, Map("bad", "x", "refuse"), Map("good"), Map("worse", "x", "refuse"), Deployment("web", "web"));
        report.Failures.Select(f => f.Name).Order().ShouldBe(["bad", "worse"]);
        report.Failures[0].Error!.Message.ShouldContain("refused for the test");
        server.Find("ConfigMap", "good").ShouldNotBeNull();
        server.Find("Deployment", "web").ShouldBeNull();
        server.Find("ConfigMap", "leaving").ShouldNotBeNull();
        (await ApplyAsync(server, Map("good"))).Objects.Where(o => o.Step == ApplyStep.Pruned).Select(o => o.Name).ShouldBe(["leaving"]);
    }

    [Fact]
    public async Task A_removed_set_leaves_nothing_but_data()
    {
        await using var server = await FakeApiServer.StartAsync();
        await ApplyAsync(server, Map("a"), Object("v1", "PersistentVolumeClaim", "data"), Deployment("web", "web"));
        var applier = new Applier(server.Api);
        var report = await applier.RemoveAsync(Set, new(), null, bound);
        report.Objects.Where(o => o.Step == ApplyStep.Pruned).Select(o => o.Name).Order().ShouldBe(["a", "web"]);
        server.Find("Secret", "harmony-shop").ShouldNotBeNull();
        await applier.RemoveAsync(Set, new() { DeleteVolumes = true }, null, bound);
        server.Find("PersistentVolumeClaim", "data").ShouldBeNull();
        server.Find("Secret", "harmony-shop").ShouldBeNull();
    }

    private Task<ApplyReport> ApplyAsync(FakeApiServer server, params JsonObject[] objects) =>
        new Applier(server.Api).ApplyAsync(Set, objects, new(), new Told(told), bound);

    private static JsonObject Map(string name, string value = "1", string key = "key")
    {
        var map = Object("v1", "ConfigMap", name);
        map["data"] = new JsonObject { [key] = value };
        return map;
    }

    private static JsonObject Deployment(string name, string selector)
    {
        var deployment = Object("apps/v1", "Deployment", name);
        deployment["spec"] = new JsonObject { ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = selector } } };
        return deployment;
    }

    private static JsonObject Definition()
    {
        var definition = Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com");
        definition["spec"] = new JsonObject { ["group"] = "example.com", ["scope"] = "Namespaced", ["names"] = new JsonObject { ["kind"] = "Widget" } };
        return definition;
    }

    private static JsonObject Object(string apiVersion, string kind, string name) => KubernetesApiTests.Object(apiVersion, kind, null, name);

    private sealed class Told(ConcurrentQueue<ApplyProgress> steps) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value) => steps.Enqueue(value);
    }
}
