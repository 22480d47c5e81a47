using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

/// <summary>Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.</summary>
public sealed class CustomResourceTests(ConformanceCluster cluster)
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private const string Schema = """
        {"type":"object","properties":{
          "spec":{"type":"object","required":["size"],"properties":{
            "size":{"type":"integer","minimum":1,"maximum":9},
            "color":{"type":"string","default":"red","enum":["red","blue"]},
            "replicas":{"type":"integer","default":1},
            "either":{"x-kubernetes-int-or-string":true},
            "anything":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
            "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"value":{"type":"string"}}}}}},
          "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"},"phase":{"type":"string"}}}}}
        """;

    [Fact]
    public async Task A_definition_is_established_served_and_taken_away_with_its_objects()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("established");
        var definition = (await cluster.Raw.GetAsync(widgets.Definition)).Expect(200);
        definition.Condition("NamesAccepted")!.Text("status").ShouldBe("True");
        definition.At("status", "acceptedNames", "listKind").AsText().ShouldBe("WidgetList");
        definition.At("status", "storedVersions").Items().Select(v => v.AsText()).ShouldBe(["v1"]);
        var resources = (await cluster.Raw.GetAsync($"/apis/{widgets.Group}/v1")).Expect(200)["resources"].Objects().ToList();
        resources.Select(r => r.Text("name")).Order(StringComparer.Ordinal).ShouldBe(["widgets", "widgets/scale", "widgets/status"]);
        resources.Single(r => r.Text("name") == "widgets")["shortNames"].Items().Select(n => n.AsText()).ShouldBe(["wd"]);
        (await cluster.Api.FindResourceAsync(new(widgets.Group, "v1", "Widget"), TestContext.Current.CancellationToken))!.Plural.ShouldBe("widgets");

        (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("a", """{"size":1}"""))).Expect(201);
        (await cluster.Raw.DeleteAsync(widgets.Definition)).Expect(200);
        await Until.TrueAsync(async () => (await cluster.Raw.GetAsync(widgets.Definition)).Code == 404, "the definition is gone");
        await Until.TrueAsync(async () => (await cluster.Raw.GetAsync(widgets.In(ns))).Code == 404, "its path is gone");
    }

    [Fact]
    public async Task An_object_is_defaulted_pruned_and_held_to_its_schema()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("schema");
        var answer = await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("a", """{"size":1,"unknown":1,"either":"50%","anything":{"x":{"y":1}}}"""));
        var made = answer.Expect(201);
        answer.Warnings.ShouldContain(w => w.Contains("unknown field \\\"spec.unknown\\\"", StringComparison.Ordinal));
        made.At("spec", "color").AsText().ShouldBe("red");
        made.At("spec", "unknown").ShouldBeNull();
        made.At("spec", "either").AsText().ShouldBe("50%");
        made.At("spec", "anything", "x", "y").AsLong().ShouldBe(1);
        made.Generation.ShouldBe(1);

        var refused = (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("b", """{"color":"green"}"""))).Refused(422, "Invalid");
        refused.Message.ShouldContain("spec.size: Required value");
        refused.Message.ShouldContain("spec.color: Unsupported value: \"green\"");
        (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("b", """{"size":10}"""))).Refused(422, "Invalid").Message.ShouldContain("spec.size");
        (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("b", """{"size":"1"}"""))).Refused(422, "Invalid").Message.ShouldContain("must be of type integer");
        (await cluster.Raw.PostAsync(widgets.In(ns) + "?fieldValidation=Strict", widgets.Object("b", """{"size":1,"unknown":1}"""))).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task Status_and_scale_are_subresources()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("subresources");
        var path = widgets.In(ns) + "/a";
        var made = widgets.Object("a", """{"size":1,"replicas":2}""");
        made["status"] = new JsonObject { ["phase"] = "Mine" };
        (await cluster.Raw.PostAsync(widgets.In(ns), made)).Expect(201)["status"].ShouldBeNull();

        var changed = (await cluster.Raw.PatchAsync(path + "/status", """{"spec":{"size":5},"status":{"phase":"Ready","replicas":2,"selector":"a=b"}}""")).Expect(200);
        changed.At("status", "phase").AsText().ShouldBe("Ready");
        changed.At("spec", "size").AsLong().ShouldBe(1);
        changed.Generation.ShouldBe(1);

        var scale = (await cluster.Raw.GetAsync(path + "/scale")).Expect(200);
        scale.Kind.ShouldBe("Scale");
        scale.ApiVersion.ShouldBe("autoscaling/v1");
        scale.At("spec", "replicas").AsLong().ShouldBe(2);
        scale.At("status", "replicas").AsLong().ShouldBe(2);
        scale.At("status", "selector").AsText().ShouldBe("a=b");
        (await cluster.Raw.PatchAsync(path + "/scale", """{"spec":{"replicas":7}}""")).Expect(200).At("spec", "replicas").AsLong().ShouldBe(7);
        var now = (await cluster.Raw.GetAsync(path)).Expect(200);
        now.At("spec", "replicas").AsLong().ShouldBe(7);
        now.Generation.ShouldBe(2);
    }

    [Fact]
    public async Task Columns_are_printed_as_the_definition_says()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("columns");
        (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("a", """{"size":3}"""))).Expect(201);
        var table = (await cluster.Raw.GetAsync(widgets.In(ns), RawApi.Table)).Expect(200);
        table.Kind.ShouldBe("Table");
        table["columnDefinitions"].Objects().Select(c => $"{c.Text("name")} {c.Text("type")} {c["priority"].AsLong()}").ShouldBe(["Name string 0", "Size integer 0", "Color string 1"]);
        table["rows"]![0]!["cells"]!.AsArray().Select(c => c!.ToJsonString()).ShouldBe(["\"a\"", "3", "\"red\""]);
    }

    [Fact]
    public async Task Every_served_version_shows_the_same_object()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("versions", $$$$""",{"name":"v1beta1","served":true,"storage":false,"schema":{"openAPIV3Schema":{{{{Schema}}}}}},{"name":"v1alpha1","served":false,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}""");
        (await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object("a", """{"size":3}"""))).Expect(201);
        var older = (await cluster.Raw.GetAsync(widgets.In(ns, "v1beta1") + "/a")).Expect(200);
        older.ApiVersion.ShouldBe($"{widgets.Group}/v1beta1");
        older.At("spec", "size").AsLong().ShouldBe(3);
        (await cluster.Raw.PatchAsync(widgets.In(ns, "v1beta1") + "/a", """{"spec":{"size":4}}""")).Expect(200);
        (await cluster.Raw.GetAsync(widgets.In(ns) + "/a")).Expect(200).At("spec", "size").AsLong().ShouldBe(4);
        (await cluster.Raw.GetAsync(widgets.In(ns, "v1alpha1"))).Code.ShouldBe(404);
        var group = (await cluster.Raw.GetAsync($"/apis/{widgets.Group}")).Expect(200);
        group["versions"].Objects().Select(v => v.Text("version")).ShouldBe(["v1", "v1beta1"]);
        group.At("preferredVersion", "version").AsText().ShouldBe("v1");
    }

    [Fact]
    public async Task Lists_of_the_schema_are_merged_by_their_keys_in_an_apply_and_strategic_patches_are_not_known()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("apply");
        var path = widgets.In(ns) + "/a";
        (await cluster.Raw.ApplyAsync(path, "one", widgets.Object("a", """{"size":1,"parts":[{"name":"x","value":"1"}]}""").ToJsonString())).Expect(201);
        var both = (await cluster.Raw.ApplyAsync(path, "two", widgets.Object("a", """{"parts":[{"name":"y","value":"2"}]}""").ToJsonString())).Expect(200);
        both.At("spec", "parts").Objects().Select(p => p.Text("name")).ShouldBe(["x", "y"]);
        (await cluster.Raw.ApplyAsync(path, "two", widgets.Object("a", """{"parts":[{"name":"x","value":"2"}]}""").ToJsonString())).Refused(409, "Conflict")
            .Message.ShouldContain(".spec.parts[name=\"x\"].value");
        (await cluster.Raw.PatchAsync(path, "{}", RawApi.StrategicMergePatch)).Refused(415, "UnsupportedMediaType");
    }

    [Fact]
    public async Task A_changed_definition_changes_what_is_taken()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await using var widgets = await DefineAsync("changes");
        (await cluster.Raw.PatchAsync(widgets.Definition, """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/extra","value":{"type":"string","default":"new"}}]""", RawApi.JsonPatch)).Expect(200);
        var name = 0;
        await Until.AsyncAs(
            // While the old schema's handlers end, a real API refuses for a moment (503).
            async () => await cluster.Raw.PostAsync(widgets.In(ns), widgets.Object($"w{name++}", """{"size":1,"extra":"kept"}""")) is { Code: not 503 } answer ? answer.Expect(201) : [],
            w => w.At("spec", "extra").AsText() == "kept");
    }

    [Fact]
    public async Task A_definition_without_a_sound_schema_is_refused()
    {
        var group = $"wrong-{cluster.Mark}.example.com";
        (await cluster.Raw.PostAsync(Definitions, Definition(group, """{"type":"object","properties":{"spec":{"properties":{"a":{"type":"string"}}}}}""", ""))).Refused(422, "Invalid");
        (await cluster.Raw.PostAsync(Definitions, Definition(group, Schema, "").Replace("\"name\":\"widgets.", "\"name\":\"other.", StringComparison.Ordinal))).Refused(422, "Invalid");
    }

    private async Task<Widgets> DefineAsync(string name, string versions = "")
    {
        var widgets = new Widgets(cluster.Raw, $"{name}-{cluster.Mark}.example.com");
        (await cluster.Raw.PostAsync(Definitions, Definition(widgets.Group, Schema, versions))).Expect(201);
        await Until.TrueAsync(
            async () => (await cluster.Raw.GetAsync(widgets.Definition)).Body.Condition("Established")?.Text("status") == "True"
                && (await cluster.Raw.GetAsync($"/apis/{widgets.Group}/v1/widgets")).Code == 200
                && (await cluster.Raw.GetAsync($"/apis/{widgets.Group}/v1")).Code == 200,
            $"{widgets.Group} is served");
        return widgets;
    }

    private static string Definition(string group, string schema, string versions) => $$"""
        {"metadata":{"name":"widgets.{{group}}"},
         "spec":{"group":"{{group}}","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","shortNames":["wd"] },
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{schema}} },
            "subresources":{"status":{ },"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"} },
            "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"Color","type":"string","jsonPath":".spec.color","priority":1}]}{{versions}}] } }
        """;

    private sealed class Widgets(RawApi raw, string group) : IAsyncDisposable
    {
        public string Group => group;

        public string Definition => $"{Definitions}/widgets.{group}";

        public string In(TestNamespace ns, string version = "v1") => $"/apis/{group}/{version}/namespaces/{ns.Name}/widgets";

        public JsonObject Object(string name, string spec) =>
            JsonNode.Parse($$"""{"apiVersion":"{{group}}/v1","kind":"Widget","metadata":{"name":"{{name}}"},"spec":{{spec}} }""")!.AsObject();

        public async ValueTask DisposeAsync() => await raw.DeleteAsync(Definition);
    }
}
