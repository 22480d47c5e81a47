using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

public sealed class DiscoveryTests(ConformanceCluster cluster)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    [Fact]
    public async Task Groups_versions_and_resources_are_told()
    {
        (await cluster.Raw.GetAsync("/api")).Expect(200)["versions"].Items().Select(v => v.AsText()).ShouldBe(["v1"]);
        var groups = (await cluster.Raw.GetAsync("/apis")).Expect(200);
        groups.Kind.ShouldBe("APIGroupList");
        groups["groups"].Objects().Single(g => g.Text("name") == "apps").At("preferredVersion", "groupVersion").AsText().ShouldBe("apps/v1");
        var core = (await cluster.Raw.GetAsync("/api/v1")).Expect(200);
        core.Kind.ShouldBe("APIResourceList");
        var pods = core["resources"].Objects().Single(r => r.Text("name") == "pods");
        pods["namespaced"].AsBool().ShouldBe(true);
        pods["shortNames"].Items().Select(n => n.AsText()).ShouldBe(["po"]);
        pods["categories"].Items().Select(n => n.AsText()).ShouldBe(["all"]);
        pods["verbs"].Items().Select(v => v.AsText()).Order(StringComparer.Ordinal).ShouldBe(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
        foreach (var name in new[] { "pods/log", "pods/exec", "pods/portforward", "pods/status", "pods/eviction", "serviceaccounts/token", "namespaces/finalize" })
        {
            core["resources"].Objects().Select(r => r.Text("name")).ShouldContain(name);
        }

        var scale = (await cluster.Raw.GetAsync("/apis/apps/v1")).Expect(200)["resources"].Objects().Single(r => r.Text("name") == "deployments/scale");
        (scale.Text("group"), scale.Text("version"), scale.Kind).ShouldBe(("autoscaling", "v1", "Scale"));
        (await cluster.Raw.GetAsync("/apis/none.example.com/v1")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task All_is_told_at_once_where_it_is_asked_for()
    {
        var core = (await cluster.Raw.GetAsync("/api", Aggregated)).Expect(200);
        core.Kind.ShouldBe("APIGroupDiscoveryList");
        var version = core["items"]![0]!["versions"]![0]!.AsObject();
        version.Text("version").ShouldBe("v1");
        var pods = version["resources"].Objects().Single(r => r.Text("resource") == "pods");
        pods.At("responseKind", "kind").AsText().ShouldBe("Pod");
        pods.Text("scope").ShouldBe("Namespaced");
        pods["subresources"].Objects().Select(s => s.Text("subresource")).ShouldContain("log");
        (await cluster.Raw.GetAsync("/apis", Aggregated)).Expect(200)["items"].Objects().Select(g => g.Name).ShouldContain("apps");
    }

    [Fact]
    public async Task Schemas_are_told_for_every_version()
    {
        var paths = (await cluster.Raw.GetAsync("/openapi/v3")).Expect(200)["paths"]!.AsObject();
        var apps = paths["apis/apps/v1"].At("serverRelativeURL").AsText()!;
        var document = (await cluster.Raw.GetAsync(apps)).Expect(200);
        document.Text("openapi").ShouldBe("3.0.0");
        var deployment = document.At("components", "schemas", "io.k8s.api.apps.v1.Deployment")!;
        deployment["x-kubernetes-group-version-kind"]![0].At("kind").AsText().ShouldBe("Deployment");
        document["paths"]!.AsObject().ContainsKey("/apis/apps/v1/namespaces/{namespace}/deployments/{name}").ShouldBeTrue();
    }

    [Fact]
    public async Task Health_and_version_are_told()
    {
        foreach (var path in new[] { "/healthz", "/livez", "/readyz" })
        {
            (await cluster.Raw.GetAsync(path)).Text.ShouldBe("ok");
        }

        (await cluster.Raw.GetAsync("/version")).Expect(200).Text("gitVersion")!.ShouldStartWith("v");
    }

    [Fact]
    public async Task Who_asks_is_told_who_they_are_and_what_they_may()
    {
        var review = (await cluster.Raw.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""")).Expect(201);
        review.At("status", "userInfo", "username").AsText().ShouldNotBeNullOrEmpty();
        review.At("status", "userInfo", "groups").Items().Select(g => g.AsText()).ShouldContain("system:authenticated");
        var access = (await cluster.Raw.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"default","verb":"create","resource":"pods"}}}
            """)).Expect(201);
        access.At("status", "allowed").AsBool().ShouldBe(true);
    }

    [Fact]
    public async Task Tables_have_the_columns_that_people_know()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("pods", cluster.Node.PodOf("a", "a"));
        await ns.UntilAsync("pods", "a", p => p.Condition("Ready")?.Text("status") == "True");
        var table = (await ns.Raw.GetAsync(ns["pods"], RawApi.Table)).Expect(200);
        table["columnDefinitions"].Objects().Where(c => c["priority"].AsLong() == 0).Select(c => c.Text("name")).ShouldBe(["Name", "Ready", "Status", "Restarts", "Age"]);
        var row = table["rows"].Objects().ShouldHaveSingleItem();
        row["cells"].Items().Take(3).Select(c => c.AsText()).ShouldBe(["a", "1/1", "Running"]);
        row.At("object", "kind").AsText().ShouldBe("PartialObjectMetadata");
        (await ns.Raw.GetAsync(ns["pods"] + "?includeObject=None", RawApi.Table)).Expect(200)["rows"]![0].At("object").ShouldBeNull();
        (await ns.Raw.GetAsync(ns["pods", "a"] + "?includeObject=Object", RawApi.Table)).Expect(200)["rows"]![0].At("object", "spec").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_token_of_a_service_account_is_who_it_says()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.UntilAsync("serviceaccounts", "default", _ => true);
        var token = (await ns.Raw.PostAsync(ns["serviceaccounts", "default/token"], """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""")).Expect(201).At("status", "token").AsText()!;
        var review = (await ns.Raw.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", $$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"{{token}}"} }""")).Expect(201);
        review.At("status", "authenticated").AsBool().ShouldBe(true);
        review.At("status", "user", "username").AsText().ShouldBe($"system:serviceaccount:{ns.Name}:default");
        review.At("status", "user", "groups").Items().Select(g => g.AsText()).ShouldContain($"system:serviceaccounts:{ns.Name}");
    }

    [Fact]
    public async Task A_pod_is_bound_once()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("pods", """{"metadata":{"name":"p"},"spec":{"schedulerName":"nobody","containers":[{"name":"a","image":"x"}]}}""");
        var binding = $$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"kind":"Node","name":"{{cluster.Node.Name}}"} }""";
        (await ns.Raw.PostAsync(ns["pods", "p/binding"], binding)).Expect(201);
        var bound = await ns.GetAsync("pods", "p");
        bound.At("spec", "nodeName").AsText().ShouldBe(cluster.Node.Name);
        bound.Condition("PodScheduled")!.Text("status").ShouldBe("True");
        (await ns.Raw.PostAsync(ns["pods", "p/binding"], binding)).Refused(409, "Conflict");
    }
}
