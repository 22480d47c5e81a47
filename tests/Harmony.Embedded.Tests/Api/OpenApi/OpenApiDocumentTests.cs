using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Api.OpenApi;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api.OpenApi;

public sealed class OpenApiDocumentTests
{
    private static readonly ApiResource Deployments = new("apps", "v1", "deployments", "Deployment", true) { Subresources = ["scale", "status"] };

    [Theory]
    [InlineData("Lease")]
    [InlineData("LeaseSpec")]
    public void The_types_of_a_small_group_are_those_of_a_real_api_server(string type)
    {
        var real = Schema(Golden.Entry("discovery", "openapi v3 of a small group").Response(), "io.k8s.api.coordination.v1." + type);
        var ours = Schema(Build(new("coordination.k8s.io", "v1", "leases", "Lease", true)), "io.k8s.api.coordination.v1." + type);
        foreach (var (name, property) in real["properties"]!.AsObject())
        {
            Shape(ours.At("properties", name)).ShouldBe(Shape(property), name);
            ours.At("properties", name, "description").AsText().ShouldNotBeNullOrEmpty();
        }

        ours["description"].AsText().ShouldNotBeNullOrEmpty();
        ours["x-kubernetes-group-version-kind"]?[0].At("kind").AsText().ShouldBe(real["x-kubernetes-group-version-kind"]?[0].At("kind").AsText());
    }

    [Fact]
    public void Every_reference_leads_to_a_schema()
    {
        var document = Build(Deployments);
        var schemas = document.At("components", "schemas")!.AsObject();
        References(document).Where(r => !schemas.ContainsKey(r["#/components/schemas/".Length..]))
            .Distinct().ShouldBeEmpty();
        schemas.ContainsKey("io.k8s.api.core.v1.PodSpec").ShouldBeTrue();
    }

    [Fact]
    public void A_patch_tells_that_it_validates_fields_and_of_which_kind()
    {
        var patch = Build(Deployments).At("paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch");
        patch.At("parameters").Objects().Select(p => p.Text("name")).ShouldContain("fieldValidation");
        patch.At("x-kubernetes-group-version-kind", "kind").AsText().ShouldBe("Deployment");
    }

    [Fact]
    public void Lists_tell_how_they_merge()
    {
        var containers = Schema(Build(Deployments), "io.k8s.api.core.v1.PodSpec").At("properties", "containers");
        containers.At("x-kubernetes-patch-merge-key").AsText().ShouldBe("name");
        containers.At("x-kubernetes-list-type").AsText().ShouldBe("map");
    }

    [Fact]
    public void A_custom_resource_keeps_its_own_words()
    {
        var widgets = new ApiResource("example.com", "v1", "widgets", "Widget", true);
        var document = JsonNode.Parse(OpenApiDocument.Build("example.com", "v1", [widgets], _ =>
            JsonNode.Parse("""{"type":"object","description":"A widget.","properties":{"spec":{"type":"object","description":"What it is."}}}""")!.AsObject()))!;
        var schema = Schema(document.AsObject(), "com.example.v1.Widget");
        schema.At("properties", "spec", "description").AsText().ShouldBe("What it is.");
        schema.At("properties", "metadata", "allOf").ShouldNotBeNull();
        schema["x-kubernetes-group-version-kind"]![0].At("kind").AsText().ShouldBe("Widget");
    }

    private static JsonObject Build(ApiResource resource) =>
        JsonNode.Parse(OpenApiDocument.Build(resource.Group, resource.Version, [resource], _ => null))!.AsObject();

    private static JsonObject Schema(JsonObject document, string name) => document.At("components", "schemas", name).ShouldBeOfType<JsonObject>();

    // The models' descriptions are of another patch release: their wording differs here and there.
    private static string Shape(JsonNode? node)
    {
        var copy = node!.DeepClone().AsObject();
        copy.Remove("description");
        return copy.ToJsonString();
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => p is { Key: "$ref", Value: JsonValue v } ? [v.GetValue<string>()] : References(p.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };
}
