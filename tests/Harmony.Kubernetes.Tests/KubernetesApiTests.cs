using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests;

public sealed class KubernetesApiTests
{
    private static readonly GroupVersionKind ConfigMap = new("", "v1", "ConfigMap");

    private readonly CancellationToken bound = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Kinds_are_discovered_once_and_again_when_one_is_unknown(bool aggregated)
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Aggregated = aggregated;
        (await server.Api.FindResourceAsync(ConfigMap, bound))!.Plural.ShouldBe("configmaps");
        (await server.Api.FindResourceAsync(new("apps", "", "Deployment"), bound))!.Kind.Version.ShouldBe("v1");
        server.Requests.Count(r => r == "GET /apis").ShouldBe(1);
        (await server.Api.FindResourceAsync(new("example.com", "v1", "Widget"), bound)).ShouldBeNull();
        server.Put(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", null, "widgets.example.com"));
        (await server.Api.FindResourceAsync(new("example.com", "v1", "Widget"), bound))!.Plural.ShouldBe("widgets");
    }

    [Fact]
    public async Task An_object_is_applied_read_listed_and_deleted()
    {
        await using var server = await FakeApiServer.StartAsync();
        var result = await server.Api.ApplyAsync(Object("v1", "ConfigMap", "shop", "web"), dryRun: false, bound);
        result.Outcome.ShouldBe(ApplyOutcome.Created);
        result.Warnings.ShouldBe(["a \"test\" warns"]);
        (await server.Api.GetAsync(ConfigMap, "shop", "web", bound))!.Name.ShouldBe("web");
        (await server.Api.GetAsync(ConfigMap, "shop", "other", bound)).ShouldBeNull();
        var list = await server.Api.ListAsync(ConfigMap, "shop", null, bound);
        list.Items.ShouldHaveSingleItem().Kind.ShouldBe("ConfigMap");
        list.ResourceVersion.ShouldNotBeEmpty();
        (await server.Api.DeleteAsync(ConfigMap, "shop", "web", "Background", "another uid", bound)).ShouldBeFalse();
        (await server.Api.DeleteAsync(ConfigMap, "shop", "web", "Background", bound)).ShouldBeTrue();
        (await server.Api.DeleteAsync(ConfigMap, "shop", "web", "Background", bound)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_is_busy_is_asked_again()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Mishaps.Enqueue(503);
        server.Mishaps.Enqueue(429);
        (await server.Api.GetAsync(ConfigMap, "shop", "web", bound)).ShouldBeNull();
        server.Mishaps.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(401, KubernetesError.Unauthorized)]
    [InlineData(403, KubernetesError.Forbidden)]
    [InlineData(409, KubernetesError.Conflict)]
    [InlineData(422, KubernetesError.Invalid)]
    [InlineData(500, KubernetesError.Failed)]
    public async Task A_refusal_says_what_was_being_done(int status, KubernetesError code)
    {
        await using var server = await FakeApiServer.StartAsync();
        await server.Api.FindResourceAsync(ConfigMap, bound);
        server.Mishaps.Enqueue(status);
        var error = await Should.ThrowAsync<KubernetesException>(server.Api.GetAsync(ConfigMap, "shop", "web", bound));
        error.Code.ShouldBe(code);
        error.HttpStatus.ShouldBe(status);
        error.Message.ShouldBe("Reading the ConfigMap shop/web was refused: not now.");
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_said_to_be_unreachable()
    {
        var server = await FakeApiServer.StartAsync();
        var api = KubernetesApi.Connect(server.Api.Context);
        await server.DisposeAsync();
        var error = await Should.ThrowAsync<KubernetesException>(api.GetVersionAsync(bound));
        error.Code.ShouldBe(KubernetesError.Unreachable);
        error.Message.ShouldContain("nothing listens there");
        await api.DisposeAsync();
    }

    [Fact]
    public async Task A_kind_that_the_cluster_does_not_know_is_named()
    {
        await using var server = await FakeApiServer.StartAsync();
        var error = await Should.ThrowAsync<KubernetesException>(server.Api.ApplyAsync(Object("example.com/v1", "Widget", "shop", "w"), dryRun: false, bound));
        error.Code.ShouldBe(KubernetesError.UnknownKind);
        error.Message.ShouldContain("Widget of example.com/v1");
    }

    internal static JsonObject Object(string apiVersion, string kind, string? ns, string name)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }

        return new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }
}
