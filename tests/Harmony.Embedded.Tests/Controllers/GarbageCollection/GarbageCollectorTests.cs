using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.GarbageCollection;

public sealed class GarbageCollectorTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task What_an_owner_leaves_behind_is_deleted_with_all_that_it_owns()
    {
        var top = await MapAsync("top");
        var middle = await MapAsync("middle", top);
        await MapAsync("bottom", middle);
        await DeleteAsync("top", "Background");
        await bed.UntilAsync(() => Names.Count == 0);
    }

    [Fact]
    public async Task An_object_that_names_an_owner_that_never_was_is_deleted()
    {
        var ghost = ControllerBed.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ghost","uid":"11111111-1111-1111-1111-111111111111"}}""");
        await MapAsync("child", ghost);
        await bed.UntilAsync(() => Names.Count == 0);
    }

    [Fact]
    public async Task A_namesake_with_another_uid_is_no_owner()
    {
        var first = await MapAsync("owner");
        await DeleteAsync("owner", "Background");
        await MapAsync("owner");
        await MapAsync("child", first);
        await bed.UntilAsync(() => Names.SequenceEqual(["owner"]));
    }

    [Fact]
    public async Task An_object_lives_on_while_one_of_its_owners_does_and_forgets_the_other()
    {
        var one = await MapAsync("one");
        var two = await MapAsync("two");
        await MapAsync("child", one, two);
        await DeleteAsync("one", "Background");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.ConfigMaps, "child")!.At("metadata", "ownerReferences").Objects().Count() == 1);
        Names.ShouldBe(["child", "two"]);
    }

    [Fact]
    public async Task An_owner_deleted_in_the_foreground_goes_last()
    {
        var top = await MapAsync("top");
        var middle = await MapAsync("middle", top);
        await MapAsync("bottom", middle);
        await bed.ChangeAsync(BuiltInResources.ConfigMaps, "bottom", b => b.Metadata["finalizers"] = new JsonArray("example.com/hold"));

        await UntilSeenAsync();
        await DeleteAsync("top", "Foreground");
        await bed.UntilAsync(() => bed.Get(BuiltInResources.ConfigMaps, "bottom")!.IsBeingDeleted);
        Names.ShouldBe(["bottom", "middle", "top"]);

        await bed.ChangeAsync(BuiltInResources.ConfigMaps, "bottom", b => b.Metadata.Remove("finalizers"));
        await bed.UntilAsync(() => Names.Count == 0);
    }

    [Fact]
    public async Task Orphans_stay_and_forget_their_owner()
    {
        var top = await MapAsync("top");
        await MapAsync("child", top);
        await UntilSeenAsync();
        await DeleteAsync("top", "Orphan");
        await bed.UntilAsync(() => Names.SequenceEqual(["child"]));
        bed.Get(BuiltInResources.ConfigMaps, "child")!.At("metadata", "ownerReferences").ShouldBeNull();
    }

    [Fact]
    public async Task Custom_resources_are_owners_and_owned_like_all_others()
    {
        var widgets = new ApiResource("example.com", "v1", "widgets", "Widget", Namespaced: true);
        await bed.CreateAsync(BuiltInResources.CustomResourceDefinitions, """
            {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
             "versions":[{"name":"v1","served":true,"storage":true}]},"status":{"conditions":[{"type":"Established","status":"True"}]}}
            """);
        var widget = await bed.CreateAsync(widgets, """{"metadata":{"name":"w"}}""");
        await MapAsync("child", widget);
        var owned = await MapAsync("owner");
        await bed.CreateAsync(widgets, $$$"""{"metadata":{"name":"x","ownerReferences":[{{{Reference(owned)}}}]}}""");
        await bed.Cluster.DeleteAsync(widgets, ControllerBed.Namespace, "w", DeleteOptions.Background, default);
        await bed.UntilAsync(() => Names.SequenceEqual(["owner"]));
        await DeleteAsync("owner", "Background");
        await bed.UntilAsync(() => bed.List(widgets).Count == 0);
    }

    /// <summary>The collector has seen everything up to now when it has collected what came last.</summary>
    private async Task UntilSeenAsync()
    {
        await MapAsync("last", ControllerBed.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ghost","uid":"22222222-2222-2222-2222-222222222222"}}"""));
        await bed.UntilAsync(() => !Names.Contains("last"));
    }

    private List<string> Names => [.. bed.List(BuiltInResources.ConfigMaps).Select(m => m.Name)];

    private Task DeleteAsync(string name, string policy) =>
        bed.Cluster.DeleteAsync(BuiltInResources.ConfigMaps, ControllerBed.Namespace, name, new() { PropagationPolicy = policy }, default);

    private static string Reference(JsonObject owner) =>
        $$"""{"apiVersion":"{{owner.ApiVersion}}","kind":"{{owner.Kind}}","name":"{{owner.Name}}","uid":"{{owner.Uid}}","blockOwnerDeletion":true}""";

    private Task<JsonObject> MapAsync(string name, params JsonObject[] owners)
    {
        var references = string.Join(',', owners.Select(Reference));
        return bed.CreateAsync(BuiltInResources.ConfigMaps, $$$"""{"metadata":{"name":"{{{name}}}"{{{(owners.Length > 0 ? $",\"ownerReferences\":[{references}]" : "")}}}}}""");
    }
}
