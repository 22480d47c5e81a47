using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.Patches;

namespace Harmony.Embedded.Tests.Api.Patches;

public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""[{"op":"add","path":"/a/-","value":3}]""", """{"a":[1,2,3],"b/c":{"~":0}}""")]
    [InlineData("""[{"op":"add","path":"/a/0","value":0}]""", """{"a":[0,1,2],"b/c":{"~":0}}""")]
    [InlineData("""[{"op":"remove","path":"/a/0"}]""", """{"a":[2],"b/c":{"~":0}}""")]
    [InlineData("""[{"op":"replace","path":"/b~1c/~0","value":null}]""", """{"a":[1,2],"b/c":{"~":null}}""")]
    [InlineData("""[{"op":"move","from":"/a","path":"/d"}]""", """{"b/c":{"~":0},"d":[1,2]}""")]
    [InlineData("""[{"op":"copy","from":"/a/1","path":"/e"},{"op":"test","path":"/e","value":2}]""", """{"a":[1,2],"b/c":{"~":0},"e":2}""")]
    public void Operations_do_what_their_names_say(string patch, string expected) => Apply(patch).ToJsonString().ShouldBe(expected);

    [Theory]
    [InlineData("""[{"op":"remove","path":"/x"}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/x","value":1}]""", 422)]
    [InlineData("""[{"op":"add","path":"/a/9","value":1}]""", 422)]
    [InlineData("""[{"op":"test","path":"/a","value":[]}]""", 422)]
    [InlineData("""[{"op":"dance","path":"/a"}]""", 422)]
    [InlineData("""[{"op":"replace","path":"","value":1}]""", 422)]
    [InlineData("""{"op":"remove"}""", 400)]
    public void What_does_not_fit_is_refused(string patch, int code) => Should.Throw<ApiException>(() => Apply(patch)).Code.ShouldBe(code);

    private static JsonObject Apply(string patch) => JsonPatch.Apply(JsonNode.Parse("""{"a":[1,2],"b/c":{"~":0}}""")!.AsObject(), JsonNode.Parse(patch));
}
