using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Patches;

public sealed class StrategicMergePatchTests
{
    private static readonly Schema Pod = SchemaCatalog.Find(new("", "v1", "Pod"))!;

    [Theory]
    [InlineData("""{"spec":{"containers":[{"name":"b","image":"2"}]}}""", "a=1 b=2 c=1")]
    [InlineData("""{"spec":{"containers":[{"name":"b","$patch":"delete"}]}}""", "a=1 c=1")]
    [InlineData("""{"spec":{"containers":[{"name":"z","image":"9"},{"$patch":"replace"}]}}""", "z=9")]
    [InlineData("""{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"b"},{"name":"a"}]}}""", "c=1 b=1 a=1")]
    [InlineData("""{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"n"}],"containers":[{"name":"n","image":"5"}]}}""", "a=1 b=1 n=5 c=1")]
    [InlineData("""{"spec":{"containers":null}}""", "")]
    [InlineData("""{"spec":{"$patch":"replace","containers":[{"name":"only","image":"1"}]}}""", "only=1")]
    public void Lists_of_objects_merge_by_their_key(string patch, string expected)
    {
        var result = StrategicMergePatch.Apply(
            Parse("""{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"},{"name":"c","image":"1"}]}}"""), Parse(patch), Pod);
        string.Join(' ', result.At("spec", "containers").Objects().Select(c => $"{c.Text("name")}={c.Text("image")}")).ShouldBe(expected);
    }

    [Fact]
    public void Retained_keys_are_all_that_stays()
    {
        var result = StrategicMergePatch.Apply(
            Parse("""{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"""),
            Parse("""{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}"""), Pod);
        result.At("spec", "volumes")![0]!.AsObject().Select(p => p.Key).ShouldBe(["name", "hostPath"]);
    }

    [Fact]
    public void Values_leave_a_primitive_list_by_name()
    {
        var result = StrategicMergePatch.Apply(
            Parse("""{"metadata":{"finalizers":["a","b"]}}"""), Parse("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"finalizers":["c"]}}"""), Pod);
        result.At("metadata", "finalizers").Items().Select(f => f.AsText()).ShouldBe(["c", "b"], ignoreOrder: true);
    }

    [Fact]
    public void An_item_without_its_key_is_refused() =>
        Should.Throw<ApiException>(() => StrategicMergePatch.Apply(Parse("""{"spec":{"containers":[{"name":"a"}]}}"""), Parse("""{"spec":{"containers":[{"image":"x"}]}}"""), Pod))
            .Message.ShouldContain("does not contain declared merge key: name");

    [Fact]
    public void Neither_object_nor_patch_is_changed()
    {
        var (target, patch) = (Parse("""{"spec":{"containers":[{"name":"a"}]}}"""), Parse("""{"spec":{"containers":[{"name":"b","$patch":"delete"}]}}"""));
        var before = (target.ToJsonString(), patch.ToJsonString());
        StrategicMergePatch.Apply(target, patch, Pod);
        (target.ToJsonString(), patch.ToJsonString()).ShouldBe(before);
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
