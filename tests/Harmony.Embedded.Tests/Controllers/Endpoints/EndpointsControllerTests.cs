using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Endpoints;

public sealed class EndpointsControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_service_gets_the_addresses_of_the_pods_it_selects_with_their_named_ports()
    {
        await bed.AddNodeAsync();
        await ServiceAsync("\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]");
        await bed.UntilAsync(() => Slice is not null);
        Slice!["endpoints"].ShouldBeNull();
        await PodAsync("a", "\"ports\":[{\"name\":\"http\",\"containerPort\":8080}]");
        await bed.UntilAsync(() => Slice?["endpoints"].Objects().Any(e => e.At("conditions", "ready").AsBool() == true) == true && Endpoints["subsets"] is not null);

        var slice = Slice!;
        slice.Label("endpointslice.kubernetes.io/managed-by").ShouldBe("endpointslice-controller.k8s.io");
        slice.Label("kubernetes.io/service-name").ShouldBe("web");
        slice.Controller!.Text("name").ShouldBe("web");
        JsonNode.DeepEquals(slice["ports"], JsonNode.Parse("""[{"name":"","protocol":"TCP","port":8080}]""")).ShouldBeTrue(slice.ToJsonString());
        var endpoint = slice["endpoints"].Objects().Single();
        endpoint.At("targetRef", "name").AsText().ShouldBe("a");
        endpoint["nodeName"].AsText().ShouldBe("node-1");
        var subset = Endpoints["subsets"].Objects().Single();
        subset["addresses"].Objects().Single().Text("ip").ShouldBe("10.0.0.7");
        JsonNode.DeepEquals(subset["ports"], JsonNode.Parse("""[{"port":8080,"protocol":"TCP"}]""")).ShouldBeTrue(subset.ToJsonString());
    }

    [Fact]
    public async Task A_pod_that_is_not_ready_is_listed_as_such_and_one_that_is_gone_is_not_listed()
    {
        await bed.AddNodeAsync();
        await ServiceAsync("\"ports\":[{\"port\":80}]");
        await PodAsync("a", "");
        await bed.UntilAsync(() => Slice?["endpoints"].Objects().Any() == true);

        await bed.SetPhaseAsync("a", "Running", ready: false);
        await bed.UntilAsync(() => Slice!["endpoints"].Objects().Single().At("conditions", "ready").AsBool() == false
            && Endpoints["subsets"].Objects().SingleOrDefault()?["notReadyAddresses"] is not null);

        await bed.Cluster.DeleteAsync(BuiltInResources.Pods, ControllerBed.Namespace, "a", DeleteOptions.Background, default);
        await bed.UntilAsync(() => !Slice!["endpoints"].Objects().Any() && Endpoints["subsets"] is null);
    }

    [Fact]
    public async Task A_headless_service_names_its_pods_and_publishes_those_not_ready_when_asked_to()
    {
        await bed.AddNodeAsync();
        bed.Outcome = _ => null;
        await ServiceAsync("\"clusterIP\":\"None\",\"publishNotReadyAddresses\":true,\"ports\":[{\"port\":5432}]");
        await PodAsync("a", "", "\"hostname\":\"a\",\"subdomain\":\"web\",");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Pods, "a")!.NodeName is not null);
        await bed.SetPhaseAsync("a", "Running", ready: false);

        await bed.UntilAsync(() => Slice?["endpoints"].Objects().SingleOrDefault()?.At("conditions", "ready").AsBool() == true);
        Slice!["endpoints"].Objects().Single().Text("hostname").ShouldBe("a");
        Slice!.Label("service.kubernetes.io/headless").ShouldBe("");
    }

    [Fact]
    public async Task A_service_without_a_selector_is_left_to_its_owner_and_a_deleted_one_leaves_nothing()
    {
        await bed.CreateAsync(BuiltInResources.Services, """{"metadata":{"name":"outside"},"spec":{"ports":[{"port":80}]}}""");
        await ServiceAsync("\"ports\":[{\"port\":80}]");
        await bed.UntilAsync(() => Slice is not null && bed.Get(BuiltInResources.Endpoints, "web") is not null);
        bed.List(BuiltInResources.EndpointSlices).Count.ShouldBe(1);

        await bed.Cluster.DeleteAsync(BuiltInResources.Services, ControllerBed.Namespace, "web", DeleteOptions.Background, default);
        await bed.UntilAsync(() => bed.List(BuiltInResources.EndpointSlices).Count == 0 && bed.List(BuiltInResources.Endpoints).Count == 0);
    }

    private JsonObject? Slice => bed.List(BuiltInResources.EndpointSlices).SingleOrDefault(s => s.Label("kubernetes.io/service-name") == "web");

    private JsonObject Endpoints => bed.Get(BuiltInResources.Endpoints, "web")!;

    private Task ServiceAsync(string spec) =>
        bed.CreateAsync(BuiltInResources.Services, $$$"""{"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},{{{spec}}}}}""");

    private Task PodAsync(string name, string container, string spec = "") => bed.CreateAsync(
        BuiltInResources.Pods,
        $$$$"""{"metadata":{"name":"{{{{name}}}}","labels":{"app":"web","tier":"front"}},"spec":{{{{{spec}}}}"containers":[{"name":"app"{{{{(container.Length > 0 ? "," + container : "")}}}}}]}}""");
}
