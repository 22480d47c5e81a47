using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

/// <summary>Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/.</summary>
public sealed class ServerSideApplyTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task An_apply_creates_and_owns_what_it_names()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1"}"""))).Expect(201);
        var entry = made.At("metadata", "managedFields").Objects().ShouldHaveSingleItem();
        entry.Text("manager").ShouldBe("one");
        entry.Text("operation").ShouldBe("Apply");
        entry.Text("apiVersion").ShouldBe("v1");
        entry.Text("fieldsType").ShouldBe("FieldsV1");
        entry["fieldsV1"]!.ToJsonString().ShouldBe("""{"f:data":{"f:x":{}}}""");
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1"}"""))).Expect(200).ResourceVersion.ShouldBe(made.ResourceVersion);
    }

    [Fact]
    public async Task Another_managers_value_is_a_conflict_unless_forced_and_an_equal_value_is_shared()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1","y":"1"}"""))).Expect(201);

        var refused = (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "two", Map("""{"x":"2"}"""))).Refused(409, "Conflict");
        refused.Message.ShouldBe("Apply failed with 1 conflict: conflict with \"one\": .data.x");
        var cause = refused.Body.At("details", "causes").Objects().ShouldHaveSingleItem();
        cause.Text("reason").ShouldBe("FieldManagerConflict");
        cause.Text("field").ShouldBe(".data.x");

        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "two", Map("""{"y":"1"}"""))).Expect(200);
        var forced = (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "two", Map("""{"x":"2","y":"1"}"""), force: true)).Expect(200);
        forced.At("data", "x").AsText().ShouldBe("2");
        Fields(forced, "one").ShouldBe("""{"f:data":{"f:y":{}}}""");

        // Both own y: it stays until neither names it.
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "two", Map("""{"x":"2"}"""))).Expect(200).At("data", "y").AsText().ShouldBe("1");
        var last = (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("{}"))).Expect(200);
        last["data"]!.ToJsonString().ShouldBe("""{"x":"2"}""");
    }

    [Fact]
    public async Task What_a_manager_names_no_more_goes()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1","y":"1"}"""))).Expect(201);
        await ns.PatchAsync("configmaps", "a", """{"data":{"z":"1"}}""");
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"y":"1"}"""))).Expect(200)["data"]!.ToJsonString().ShouldBe("""{"y":"1","z":"1"}""");
    }

    [Fact]
    public async Task An_update_takes_over_what_it_changes()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1","y":"1"}"""))).Expect(201);
        made["data"]!["x"] = "2";
        var changed = (await ns.Raw.PutAsync(ns["configmaps", "a"] + "?fieldManager=two", made)).Expect(200);
        Fields(changed, "one").ShouldBe("""{"f:data":{"f:y":{}}}""");
        Fields(changed, "two", "Update").ShouldBe("""{"f:data":{"f:x":{}}}""");
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1","y":"1"}"""))).Refused(409, "Conflict").Message.ShouldContain("conflict with \"two\" using v1: .data.x");
    }

    [Fact]
    public async Task Items_of_keyed_lists_have_owners_of_their_own()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        string Deployment(string containers) => $$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
             "spec":{"paused":true,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{{{{{containers}}}}}]}}}}
            """;
        (await ns.Raw.ApplyAsync(ns["deployments", "web"], "one", Deployment("""{"name":"a","image":"a:1","ports":[{"containerPort":80}]}"""))).Expect(201);
        var both = (await ns.Raw.ApplyAsync(ns["deployments", "web"], "two", Deployment("""{"name":"b","image":"b:1"},{"name":"a","env":[{"name":"X","value":"1"}]}"""))).Expect(200);
        Names(both).ShouldBe(["a", "b"]);
        var one = (await ns.Raw.ApplyAsync(ns["deployments", "web"], "one", Deployment("""{"name":"a","image":"a:2"}"""))).Expect(200);
        Names(one).ShouldBe(["a", "b"]);
        var container = one.At("spec", "template", "spec", "containers").Objects().Single(c => c.Text("name") == "a");
        container.Text("image").ShouldBe("a:2");
        container["ports"].ShouldBeNull();
        container["env"].Objects().ShouldHaveSingleItem().Text("value").ShouldBe("1");
        var two = (await ns.Raw.ApplyAsync(ns["deployments", "web"], "two", Deployment("""{"name":"a","env":[{"name":"X","value":"1"}]}"""))).Expect(200);
        Names(two).ShouldBe(["a"]);

        IEnumerable<string?> Names(JsonObject deployment) => deployment.At("spec", "template", "spec", "containers").Objects().Select(c => c.Text("name")).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_scale_is_owned_by_whom_scaled()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var deployment = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"paused":true,"replicas":1,"selector":{"matchLabels":{"app":"web"}},
             "template":{"metadata":{"labels":{"app":"web"}},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"a"}]}}}}
            """;
        (await ns.Raw.ApplyAsync(ns["deployments", "web"], "one", deployment)).Expect(201);
        (await ns.Raw.PatchAsync(ns["deployments", "web/scale"] + "?fieldManager=scaler", """{"spec":{"replicas":2}}""")).Expect(200);
        (await ns.Raw.ApplyAsync(ns["deployments", "web"], "one", deployment)).Refused(409, "Conflict").Message.ShouldContain("conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas");
        var given = (await ns.Raw.ApplyAsync(ns["deployments", "web"], "one", deployment.Replace("\"replicas\":1,", "", StringComparison.Ordinal))).Expect(200);
        given.At("spec", "replicas").AsLong().ShouldBe(2);
    }

    [Fact]
    public async Task An_applied_status_is_told_apart()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("pods", """{"metadata":{"name":"p"},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"x"}]}}""");
        var answer = (await ns.Raw.ApplyAsync(ns["pods", "p/status"], "one", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"message":"m"}}""")).Expect(200);
        answer.At("status", "message").AsText().ShouldBe("m");
        answer.At("metadata", "managedFields").Objects().Single(e => e.Text("manager") == "one").Text("subresource").ShouldBe("status");
    }

    [Fact]
    public async Task What_is_no_apply_is_refused()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], Map("{}"), RawApi.ApplyPatch)).Refused(422, "Invalid").Message.ShouldContain("is required for apply patch");
        (await ns.Raw.ApplyAsync(ns["configmaps", "b"], "one", Map("{}"))).Refused(400, "BadRequest");
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", """{"metadata":{"name":"a"}}""")).Code.ShouldBe(400);
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[{}]}}""")).Refused(400, "BadRequest");
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"11111111-2222-3333-4444-555555555555"}}""")).Refused(409, "Conflict");
    }

    [Fact]
    public async Task Managed_fields_may_be_cleared()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.ApplyAsync(ns["configmaps", "a"], "one", Map("""{"x":"1"}"""))).Expect(201);
        (await ns.PatchAsync("configmaps", "a", """{"metadata":{"managedFields":[{}]}}""")).At("metadata", "managedFields").ShouldBeNull();
    }

    [Fact]
    public async Task Harmonys_own_apply_tells_created_from_unchanged()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var map = JsonNode.Parse(Map("""{"x":"1"}"""))!.AsObject();
        map.Metadata["namespace"] = ns.Name;
        (await cluster.Api.ApplyAsync(map, dryRun: false, TestContext.Current.CancellationToken)).Outcome.ShouldBe(Kubernetes.ApplyOutcome.Created);
        map["data"]!["x"] = "2";
        var changed = await cluster.Api.ApplyAsync(map, dryRun: false, TestContext.Current.CancellationToken);
        changed.Outcome.ShouldBe(Kubernetes.ApplyOutcome.Configured);
        changed.Object.At("data", "x").AsText().ShouldBe("2");
        (await cluster.Api.ApplyAsync(map, dryRun: false, TestContext.Current.CancellationToken)).Object.ResourceVersion.ShouldBe(changed.Object.ResourceVersion);
    }

    private static string Map(string data) => $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{{data}}}""";

    private static string? Fields(JsonObject obj, string manager, string operation = "Apply") =>
        obj.At("metadata", "managedFields").Objects().SingleOrDefault(e => e.Text("manager") == manager && e.Text("operation") == operation)?["fieldsV1"]?.ToJsonString();
}
