using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Patches;

public sealed class ServerSideApplyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Applying_the_same_again_changes_nothing_not_even_the_time()
    {
        var first = Apply(null, "a", """{"data":{"k":"v"}}""", Start);
        var second = Apply(first, "a", """{"data":{"k":"v"}}""", Start.AddHours(1));
        JsonNode.DeepEquals(first, second).ShouldBeTrue();
    }

    [Fact]
    public void Several_conflicts_are_told_by_manager()
    {
        var live = Apply(Apply(null, "a", """{"data":{"x":"1","y":"1"}}"""), "b", """{"data":{"z":"1"}}""");
        var refused = Should.Throw<ApiException>(() => Apply(live, "c", """{"data":{"x":"2","y":"2","z":"2"}}"""));
        refused.Message.ShouldBe("Apply failed with 3 conflicts: conflicts with \"a\":\n- .data.x\n- .data.y\nconflicts with \"b\":\n- .data.z");
        refused.Details!["causes"].Objects().Count().ShouldBe(3);
        refused.Code.ShouldBe(409);
    }

    [Fact]
    public void Equal_values_are_owned_together_without_conflict()
    {
        var live = Apply(Apply(null, "a", """{"data":{"x":"1"}}"""), "b", """{"data":{"x":"1"}}""");
        live.At("metadata", "managedFields").Objects().Count().ShouldBe(2);
        Apply(live, "a", "{}").At("data", "x").AsText().ShouldBe("1");
    }

    [Fact]
    public void An_object_that_nobody_kept_fields_of_belongs_to_those_before()
    {
        var live = Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"x":"1"}}""");
        Should.Throw<ApiException>(() => Apply(live, "a", """{"data":{"x":"2"}}""")).Message
            .ShouldBe("Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.x");
        Apply(live, "a", """{"data":{"x":"2"}}""", force: true).At("data", "x").AsText().ShouldBe("2");
    }

    [Fact]
    public void Items_of_a_set_are_owned_one_by_one()
    {
        var live = Apply(Apply(null, "a", """{"metadata":{"name":"m","finalizers":["e/1","e/2"]}}"""), "b", """{"metadata":{"name":"m","finalizers":["e/3"]}}""");
        var after = Apply(live, "a", """{"metadata":{"name":"m","finalizers":["e/2"]}}""");
        after.At("metadata", "finalizers").Items().Select(f => f.AsText()).ShouldBe(["e/2", "e/3"]);
    }

    [Fact]
    public void Two_items_of_one_key_are_refused()
    {
        var pod = Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c"},{"name":"c"}]}}""");
        Should.Throw<ApiException>(() => ServerSideApply.Apply(null, pod, Owner("a", Start), false, Golden.SchemaOf(pod))).Message
            .ShouldContain("duplicate entries for key [name=\"c\"]");
    }

    [Fact]
    public void What_a_manager_updates_another_loses()
    {
        var live = Apply(null, "a", """{"data":{"x":"1","y":"1"}}""");
        var updated = live.DeepClone().AsObject();
        updated["data"]!["x"] = "2";
        ManagedFields.RecordUpdate(live, updated, Owner("b", Start), Golden.SchemaOf(live));
        updated.At("metadata", "managedFields")!.AsArray().Select(e => $"{e!["manager"]} {e["fieldsV1"]!.ToJsonString()}")
            .ShouldBe(["a {\"f:data\":{\"f:y\":{}}}", "b {\"f:data\":{\"f:x\":{}}}"]);
    }

    [Fact]
    public void An_update_that_changes_nothing_owns_nothing()
    {
        var live = Apply(null, "a", """{"data":{"x":"1"}}""");
        var updated = live.DeepClone().AsObject();
        ManagedFields.RecordUpdate(live, updated, Owner("b", Start.AddHours(1)), Golden.SchemaOf(live));
        JsonNode.DeepEquals(live, updated).ShouldBeTrue();
    }

    [Fact]
    public void An_update_may_hand_fields_over_and_an_empty_list_loses_nothing()
    {
        var live = Apply(null, "a", """{"data":{"x":"1"}}""");
        var handed = live.DeepClone().AsObject();
        handed.At("metadata", "managedFields")![0]!["manager"] = "b";
        ManagedFields.RecordUpdate(live, handed, Owner("c", Start), Golden.SchemaOf(live));
        handed.At("metadata", "managedFields").Objects().Select(e => e.Text("manager")).ShouldBe(["b"]);

        var emptied = live.DeepClone().AsObject();
        emptied.Metadata["managedFields"] = new JsonArray();
        ManagedFields.RecordUpdate(live, emptied, Owner("c", Start), Golden.SchemaOf(live));
        JsonNode.DeepEquals(live, emptied).ShouldBeTrue();

        var reset = live.DeepClone().AsObject();
        reset.Metadata["managedFields"] = new JsonArray(new JsonObject());
        ManagedFields.RecordUpdate(live, reset, Owner("c", Start), Golden.SchemaOf(live));
        reset.At("metadata", "managedFields").ShouldBeNull();
    }

    [Fact]
    public void A_custom_resource_is_owned_by_its_schema()
    {
        var schema = CustomSchema.Parse(Parse(
            """{"type":"object","properties":{"spec":{"type":"object","properties":{"items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],"items":{"type":"object","properties":{"id":{"type":"integer"},"v":{"type":"string"}}}}}}}}"""));
        var one = ServerSideApply.Apply(null, Widget("""[{"id":1,"v":"a"}]"""), Owner("a", Start), false, schema);
        var two = ServerSideApply.Apply(one, Widget("""[{"id":2,"v":"b"}]"""), Owner("b", Start), false, schema);
        two.At("spec", "items").Objects().Select(i => i["id"].AsInt()).ShouldBe([1, 2]);
        var gone = ServerSideApply.Apply(two, Widget("[]"), Owner("a", Start), false, schema);
        gone.At("spec", "items").Objects().Select(i => i["id"].AsInt()).ShouldBe([2]);
    }

    private static JsonObject Widget(string items) => Parse("""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"items":ITEMS}}""".Replace("ITEMS", items, StringComparison.Ordinal));

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static FieldOwner Owner(string manager, DateTimeOffset now) => new(manager, "v1", null, now, HasStatus: false);

    private static JsonObject Apply(JsonObject? live, string manager, string json, DateTimeOffset? now = null, bool force = false)
    {
        var obj = Parse(json);
        obj["apiVersion"] = "v1";
        obj["kind"] = "ConfigMap";
        obj.Metadata["name"] ??= "m";
        return ServerSideApply.Apply(live, obj, Owner(manager, now ?? Start), force, Golden.SchemaOf(obj));
    }
}
