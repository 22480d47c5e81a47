using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

public sealed class PatchTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_json_patch_does_its_operations_in_order_or_none()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"},"data":{"x":"1","y":"2"}}""");
        var changed = await ns.PatchAsync("configmaps", "a", """
            [{"op":"test","path":"/data/x","value":"1"},{"op":"replace","path":"/data/x","value":"3"},{"op":"add","path":"/metadata/labels","value":{"a~b":"1"}},
             {"op":"move","from":"/data/y","path":"/data/z"},{"op":"copy","from":"/data/x","path":"/data/w"},{"op":"add","path":"/metadata/labels/c","value":"2"}]
            """.Replace("a~b", "a.b", StringComparison.Ordinal), RawApi.JsonPatch);
        changed["data"].AsTextMap().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Key + p.Value).ShouldBe(["w3", "x3", "z2"]);
        changed.Label("a.b").ShouldBe("1");
        changed.Label("c").ShouldBe("2");

        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """[{"op":"remove","path":"/data/w"},{"op":"test","path":"/data/x","value":"no"}]""", RawApi.JsonPatch)).Refused(422, "Invalid");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """[{"op":"remove","path":"/data/none"}]""", RawApi.JsonPatch)).Refused(422, "Invalid");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """{"not":"a list"}""", RawApi.JsonPatch)).Refused(400, "BadRequest");
        (await ns.GetAsync("configmaps", "a")).ResourceVersion.ShouldBe(changed.ResourceVersion);
    }

    [Fact]
    public async Task A_merge_patch_removes_what_is_null_and_replaces_lists()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("deployments", ObjectTests.Deployment(cluster));
        var changed = await ns.PatchAsync("deployments", "web", """
            {"metadata":{"annotations":{"a":"1"}},"spec":{"template":{"spec":{"containers":[{"name":"other","image":"y"}]}}}}
            """);
        changed.At("spec", "template", "spec", "containers").Objects().Select(c => c.Text("name")).ShouldBe(["other"]);
        (await ns.PatchAsync("deployments", "web", """{"metadata":{"annotations":{"a":null}}}""")).Annotation("a").ShouldBeNull();
    }

    [Fact]
    public async Task A_strategic_merge_patch_merges_lists_by_their_keys()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("deployments", ObjectTests.Deployment(cluster));
        var changed = await ns.PatchAsync("deployments", "web", """
            {"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s"},{"name":"app","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}}}}
            """, RawApi.StrategicMergePatch);
        changed.At("spec", "template", "spec", "containers").Objects().Select(c => c.Text("name")).ShouldBe(["side", "app"]);
        changed = await ns.PatchAsync("deployments", "web", """
            {"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"A","$patch":"delete"},{"name":"C","value":"3"}]},{"name":"side","$patch":"delete"}]}}}}
            """, RawApi.StrategicMergePatch);
        var container = changed.At("spec", "template", "spec", "containers").Objects().ShouldHaveSingleItem();
        container.Text("image").ShouldBe("app:1");
        container["env"].Objects().Select(e => e.Text("name")).Order(StringComparer.Ordinal).ShouldBe(["B", "C"]);

        changed = await ns.PatchAsync("deployments", "web", """{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}""", RawApi.StrategicMergePatch);
        changed.At("spec", "strategy")!.ToJsonString().ShouldBe("""{"type":"Recreate"}""");
        changed = await ns.PatchAsync("deployments", "web", """{"spec":{"template":{"spec":{"containers":[{"$patch":"replace"},{"name":"new","image":"n"}]}}}}""", RawApi.StrategicMergePatch);
        changed.At("spec", "template", "spec", "containers").Objects().Select(c => c.Text("name")).ShouldBe(["new"]);
    }

    [Fact]
    public async Task A_strategic_merge_patch_adds_and_deletes_in_lists_of_plain_values()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a","finalizers":["example.com/a"]}}""");
        (await ns.PatchAsync("configmaps", "a", """{"metadata":{"finalizers":["example.com/b"]}}""", RawApi.StrategicMergePatch))
            .At("metadata", "finalizers").Items().Select(f => f.AsText()).Order(StringComparer.Ordinal).ShouldBe(["example.com/a", "example.com/b"]);
        var left = await ns.PatchAsync("configmaps", "a", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/a"]}}""", RawApi.StrategicMergePatch);
        left.At("metadata", "finalizers").Items().Select(f => f.AsText()).ShouldBe(["example.com/b"]);
        await ns.PatchAsync("configmaps", "a", """{"metadata":{"finalizers":null}}""");
    }

    [Fact]
    public async Task A_patch_with_a_stale_version_is_a_conflict()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        await ns.PatchAsync("configmaps", "a", """{"data":{"k":"1"}}""");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], $$$"""{"metadata":{"resourceVersion":"{{{made.ResourceVersion}}}"},"data":{"k":"2"}}""")).Refused(409, "Conflict");
    }

    [Fact]
    public async Task What_cannot_be_patched_is_refused()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        (await ns.Raw.PatchAsync(ns["configmaps", "none"], "{}")).Refused(404, "NotFound");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], "{}", "application/json")).Refused(415, "UnsupportedMediaType");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """{"metadata":{"name":"b"}}""")).Refused(400, "BadRequest");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], "{", RawApi.MergePatch)).Refused(400, "BadRequest");
    }
}
