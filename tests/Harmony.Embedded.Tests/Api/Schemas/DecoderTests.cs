using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.Schemas;

public sealed class DecoderTests
{
    private static readonly GroupVersionKind Kind = new("", "v1", "ConfigMap");

    [Fact]
    public void A_field_given_twice_is_told_and_the_last_one_counts()
    {
        var (root, duplicates) = Decoder.Parse("""{"data":{"a":"1","a":"2"},"data2":1}"""u8, "ConfigMap");
        var warnings = Decoder.Decode(root!.AsObject(), Kind, SchemaCatalog.Find(Kind)!, FieldValidation.Warn, duplicates);
        warnings.ShouldBe(["duplicate field \"data.a\"", "unknown field \"data2\""]);
        root.At("data", "a").AsText().ShouldBe("2");
        root["data2"].ShouldBeNull();
    }

    [Fact]
    public void Strictness_refuses_what_is_repeated_or_unknown()
    {
        var (root, duplicates) = Decoder.Parse("""{"data":{"a":"1","a":"2"},"data2":1}"""u8, "ConfigMap");
        Should.Throw<ApiException>(() => Decoder.Decode(root!.AsObject(), Kind, SchemaCatalog.Find(Kind)!, FieldValidation.Strict, duplicates)).Message
            .ShouldBe("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \"data.a\", unknown field \"data2\"");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{]")]
    [InlineData("{} x")]
    [InlineData("nope")]
    public void What_is_no_JSON_is_a_bad_request(string text) =>
        Should.Throw<ApiException>(() => Decoder.Parse(System.Text.Encoding.UTF8.GetBytes(text), "ConfigMap")).Code.ShouldBe(400);

    [Fact]
    public void Nesting_has_a_bound() =>
        Should.Throw<ApiException>(() => Decoder.Parse(System.Text.Encoding.UTF8.GetBytes(new string('[', 100_000)), "ConfigMap")).Code.ShouldBe(400);

    [Theory]
    [InlineData("0.5", "500m")]
    [InlineData("1000m", "1")]
    [InlineData("1024Mi", "1Gi")]
    public void Quantities_are_made_canonical(string given, string expected)
    {
        var pod = Parse("""{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"GIVEN"}}}]}}""".Replace("GIVEN", given, StringComparison.Ordinal));
        Decoder.Decode(pod, pod.GroupVersionKind, Golden.SchemaOf(pod), FieldValidation.Strict);
        pod.At("spec", "containers")![0].At("resources", "limits", "cpu").AsText().ShouldBe(expected);
    }

    [Fact]
    public void Custom_resources_are_pruned_unless_they_keep_what_is_unknown()
    {
        var schema = CustomSchema.Parse(Parse(
            """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},"map":{"type":"object","additionalProperties":{"type":"string"}}}}"""));
        var obj = Parse("""{"apiVersion":"e.x/v1","kind":"W","metadata":{"name":"w"},"spec":{"a":"1","b":"2"},"free":{"x":{"y":1}},"map":{"k":"v"}}""");
        Decoder.Decode(obj, obj.GroupVersionKind, schema, FieldValidation.Warn).ShouldBe(["unknown field \"spec.b\""]);
        obj.ToJsonString().ShouldBe("""{"apiVersion":"e.x/v1","kind":"W","metadata":{"name":"w"},"spec":{"a":"1"},"free":{"x":{"y":1}},"map":{"k":"v"}}""");
    }

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
