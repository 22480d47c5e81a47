using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api;

public sealed class CustomResourceTests(EmbeddedServerFixture server) : IClassFixture<EmbeddedServerFixture>
{
    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.tests.dev"},
         "spec":{"group":"tests.dev","scope":"Namespaced","names":{"plural":"gadgets","singular":"gadget","kind":"Gadget"},
          "versions":[
           {"name":"v1alpha1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
           {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer","default":3}}}}}}}]}}
        """;

    [Fact]
    public async Task A_definition_is_established_served_in_its_versions_and_takes_its_objects_along()
    {
        var ns = await server.NewNamespaceAsync();
        (await server.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Definition)).Code.ShouldBe(201);
        const string Path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.tests.dev";
        await EventuallyAsync(async () => (await server.GetAsync(Path)).Body!.AsObject().Condition("Established")?.Text("status") == "True");

        var (code, created) = await server.PostAsync($"/apis/tests.dev/v1/namespaces/{ns}/gadgets",
            """{"apiVersion":"tests.dev/v1","kind":"Gadget","metadata":{"name":"g"},"spec":{}}""");
        code.ShouldBe(201);
        created.At("spec", "size").AsInt().ShouldBe(3);
        var (_, older) = await server.GetAsync($"/apis/tests.dev/v1alpha1/namespaces/{ns}/gadgets/g");
        older.At("apiVersion").AsText().ShouldBe("tests.dev/v1alpha1");
        var (_, group) = await server.GetAsync("/apis/tests.dev");
        group.At("preferredVersion", "version").AsText().ShouldBe("v1");

        (await server.SendAsync(HttpMethod.Delete, Path)).Code.ShouldBe(200);
        await EventuallyAsync(async () => (await server.GetAsync(Path)).Code == 404);
        (await server.GetAsync("/apis/tests.dev/v1")).Code.ShouldBe(404);
        server.Server.Client.List(BuiltInResources.CustomResourceDefinitions).ShouldBeEmpty();
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (var attempt = 0; attempt < 500; attempt++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Fail("it did not come true within five seconds");
    }
}
