using System.Text.Json.Nodes;
using Harmony.Projects.Workloads;

namespace Harmony.Projects.Tests.Workloads;

public sealed class PodTemplateTests
{
    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"Pod","spec":{"x":1}}""")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"template":{"spec":{"x":1}}}}""")]
    [InlineData("""{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"x":1}}}}}}""")]
    public void Kubernetes_own_workloads_have_a_pod_spec(string json) =>
        PodTemplate.SpecOf((JsonObject)JsonNode.Parse(json)!)!.ContainsKey("x").ShouldBeTrue();

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"Service","spec":{"x":1}}""")]
    [InlineData("""{"apiVersion":"example.com/v1","kind":"Deployment","spec":{"template":{"spec":{"x":1}}}}""")]
    [InlineData("""{"apiVersion":"apps/v1","kind":"Deployment","spec":"nonsense"}""")]
    public void Other_objects_have_none(string json) => PodTemplate.SpecOf((JsonObject)JsonNode.Parse(json)!).ShouldBeNull();
}
