using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Namespaces;

public sealed class NamespaceControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_new_namespace_gets_its_service_account_and_the_clusters_certificate_and_gets_them_back()
    {
        await CreateAsync();
        await bed.UntilAsync(() => bed.Get(BuiltInResources.ServiceAccounts, "default") is not null && RootCa is not null);
        RootCa!.At("data", "ca.crt").AsText().ShouldBe("the CA");

        await bed.Cluster.DeleteAsync(BuiltInResources.ConfigMaps, ControllerBed.Namespace, "kube-root-ca.crt", DeleteOptions.Background, default);
        await bed.UntilAsync(() => RootCa is not null);
        await bed.ChangeAsync(BuiltInResources.ConfigMaps, "kube-root-ca.crt", m => m["data"] = new JsonObject { ["ca.crt"] = "another" });
        await bed.UntilAsync(() => RootCa?.At("data", "ca.crt").AsText() == "the CA");
    }

    [Fact]
    public async Task A_deleted_namespace_takes_all_that_is_in_it_along()
    {
        await bed.AddNodeAsync();
        await CreateAsync();
        await bed.CreateAsync(BuiltInResources.Secrets, """{"metadata":{"name":"s"}}""");
        await bed.CreateAsync(BuiltInResources.Pods, """{"metadata":{"name":"p"},"spec":{}}""");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.Pods, "p")!.NodeName is not null);

        await DeleteAsync();
        await bed.UntilAsync(() => Shop is null);
        bed.List(BuiltInResources.Secrets).ShouldBeEmpty();
        bed.List(BuiltInResources.Pods).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_holds_a_namespace_back_is_named_until_it_is_gone()
    {
        await CreateAsync();
        await bed.CreateAsync(BuiltInResources.ConfigMaps, """{"metadata":{"name":"held","finalizers":["example.com/cleanup"]}}""");

        await DeleteAsync();
        await bed.UntilAsync(() => Shop!.Condition("NamespaceContentRemaining")?.Text("message") == "Some resources are remaining: configmaps. has 1 resource instances");
        Shop!.Condition("NamespaceFinalizersRemaining")!.Text("message").ShouldBe("Some content in the namespace has finalizers remaining: example.com/cleanup in 1 resource instances");
        Shop!.Condition("NamespaceDeletionContentFailure")!.Text("reason").ShouldBe("ContentDeleted");

        await bed.ChangeAsync(BuiltInResources.ConfigMaps, "held", m => m.Metadata.Remove("finalizers"));
        await bed.UntilAsync(() => Shop is null);
    }

    private JsonObject? Shop => bed.Get(BuiltInResources.Namespaces, ControllerBed.Namespace);

    private JsonObject? RootCa => bed.Get(BuiltInResources.ConfigMaps, "kube-root-ca.crt");

    private Task CreateAsync() => bed.CreateAsync(BuiltInResources.Namespaces, """{"metadata":{"name":"shop"},"spec":{"finalizers":["kubernetes"]}}""");

    private Task DeleteAsync() => bed.Cluster.DeleteAsync(BuiltInResources.Namespaces, null, ControllerBed.Namespace, DeleteOptions.Background, default);
}
