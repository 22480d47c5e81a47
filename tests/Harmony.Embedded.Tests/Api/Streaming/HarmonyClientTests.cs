using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Streaming;

/// <summary>Harmony's own client against the real API of the embedded runtime: TLS, client certificate, HTTP/2.</summary>
public sealed class HarmonyClientTests(EmbeddedServerFixture server) : IClassFixture<EmbeddedServerFixture>
{
    private readonly CancellationToken bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task A_set_is_applied_unchanged_replaced_and_pruned()
    {
        await using var api = KubernetesApi.Connect(server.Options.KubeconfigPath);
        (await api.GetVersionAsync(bound)).ShouldStartWith("v1.");
        var ns = await server.NewNamespaceAsync();
        var set = new ApplySet("harmony-test", ns);
        var applier = new Applier(api);
        var maps = Enumerable.Range(0, 40).Select(i => Parse($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m{{{i}}}"},"data":{"a":"1"}}""")).ToList();
        JsonObject[] all = [.. maps, Fixed("one"), Definition(), Parse("""{"apiVersion":"harmony.test/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{"size":3}}""")];

        var first = await applier.ApplyAsync(set, all, new(), null, bound);
        first.Failures.Select(f => f.Reason).ShouldBeEmpty();
        first.Objects.Select(o => o.Step).Distinct().ShouldBe([ApplyStep.Created]);

        var second = await applier.ApplyAsync(set, all, new(), null, bound);
        second.Objects.Where(o => o.Step != ApplyStep.Unchanged).Select(o => $"{o.Step} {o.Name}").ShouldBeEmpty();

        var third = await applier.ApplyAsync(set, [.. maps.Skip(1), Fixed("two")], new(), null, bound);
        third.Failures.Select(f => f.Reason).ShouldBeEmpty();
        third.Objects.Single(o => o.Step == ApplyStep.Replaced).Name.ShouldBe("fixed");
        third.Objects.Where(o => o.Step == ApplyStep.Pruned).Select(o => o.Name).Order().ShouldBe(["g", "gadgets.harmony.test", "m0"]);

        var removed = await applier.RemoveAsync(set, new(), null, bound);
        removed.Failures.ShouldBeEmpty();
        (await api.ListAsync(new("", "v1", "ConfigMap"), ns, null, bound)).Items.ShouldBeEmpty();
        (await api.GetAsync(new("", "v1", "Secret"), ns, "harmony-test", bound)).ShouldBeNull();
    }

    [Fact]
    public async Task A_watch_tells_what_is_there_and_what_changes()
    {
        await using var api = KubernetesApi.Connect(server.Options.KubeconfigPath);
        var ns = await server.NewNamespaceAsync();
        var kind = new GroupVersionKind("", "v1", "ConfigMap");
        await api.CreateAsync(Map(ns, "a"), bound);
        await using var events = api.WatchAsync(kind, ns, null, bound).GetAsyncEnumerator(bound);
        async Task<string> NextAsync()
        {
            (await events.MoveNextAsync()).ShouldBeTrue();
            return $"{events.Current.Type} {events.Current.Object.Name}";
        }

        (await NextAsync()).ShouldBe("Added a");
        (await NextAsync()).ShouldBe("Synced ");
        await api.CreateAsync(Map(ns, "b"), bound);
        (await NextAsync()).ShouldBe("Added b");
        await api.PatchAsync(kind, ns, "b", new JsonObject { ["data"] = new JsonObject { ["x"] = "y" } }, bound);
        (await NextAsync()).ShouldBe("Modified b");
        await api.DeleteAsync(kind, ns, "a", "Background", bound);
        (await NextAsync()).ShouldBe("Deleted a");
    }

    [Fact]
    public async Task A_refusal_has_the_servers_words()
    {
        await using var api = KubernetesApi.Connect(server.Options.KubeconfigPath);
        var ns = await server.NewNamespaceAsync();
        await api.CreateAsync(Map(ns, "a"), bound);
        var error = await Should.ThrowAsync<KubernetesException>(api.CreateAsync(Map(ns, "a"), bound));
        error.Code.ShouldBe(KubernetesError.AlreadyExists);
        error.Message.ShouldBe($"Creating the ConfigMap {ns}/a was refused: configmaps \"a\" already exists.");
    }

    private static JsonObject Map(string ns, string name) => Parse($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}"} }""");

    private static JsonObject Fixed(string value) =>
        Parse($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"fixed"},"immutable":true,"stringData":{"a":"{{{value}}}"} }""");

    private static JsonObject Definition() => Parse("""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.harmony.test"},
         "spec":{"group":"harmony.test","scope":"Namespaced","names":{"plural":"gadgets","singular":"gadget","kind":"Gadget","listKind":"GadgetList"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}}
        """);

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
