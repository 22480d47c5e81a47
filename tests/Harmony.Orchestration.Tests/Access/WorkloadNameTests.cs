using System.Text.Json.Nodes;
using Harmony.Orchestration.Access;

namespace Harmony.Orchestration.Tests.Access;

public sealed class WorkloadNameTests
{
    private static readonly JsonObject OfDeployment = Pod("web-6d4f-abcde", "ReplicaSet", "web-6d4f", "6d4f");

    private static JsonObject Pod(string name, string kind, string owner, string? hash) => JsonNode.Parse(
        $$"""{"metadata":{"name":"{{name}}","labels":{"pod-template-hash":"{{hash}}"},"ownerReferences":[{"controller":true,"kind":"{{kind}}","name":"{{owner}}"}] } }""")!.AsObject();

    [Fact]
    public void A_deployments_pod_bears_the_deployments_name() => WorkloadName.Of(OfDeployment).ShouldBe("web");

    [Fact]
    public void A_bare_pod_bears_its_own_name() => WorkloadName.Of(JsonNode.Parse("""{"metadata":{"name":"one"}}""")!.AsObject()).ShouldBe("one");

    [Theory]
    [InlineData("web", true)]
    [InlineData("web-6d4f-abcde", true)]
    [InlineData("deployment/web", true)]
    [InlineData("Deploy/web", true)]
    [InlineData("pod/web-6d4f-abcde", true)]
    [InlineData("statefulset/web", false)]
    [InlineData("api", false)]
    public void Workloads_are_matched_as_kubectl_names_them(string wanted, bool matches) => WorkloadName.Matches(OfDeployment, wanted).ShouldBe(matches);

    [Theory]
    [InlineData("sts/db")]
    [InlineData("statefulsets/db")]
    [InlineData("StatefulSet/db")]
    public void Short_and_plural_kinds_are_understood(string wanted) => WorkloadName.Matches(Pod("db-0", "StatefulSet", "db", null), wanted).ShouldBeTrue();
}
