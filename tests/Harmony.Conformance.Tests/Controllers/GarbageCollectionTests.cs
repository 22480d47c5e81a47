using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

/// <summary>Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/.</summary>
public sealed class GarbageCollectionTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_finalizer_keeps_what_is_deleted_until_it_is_taken_off()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a","finalizers":["example.com/hold"]}}""");
        var deleted = (await ns.Raw.DeleteAsync(ns["configmaps", "a"])).Expect(200);
        deleted.Kind.ShouldBe("ConfigMap");
        deleted.IsBeingDeleted.ShouldBeTrue();
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"])).Expect(200).At("metadata", "deletionTimestamp")!.ToJsonString().ShouldBe(deleted.At("metadata", "deletionTimestamp")!.ToJsonString());
        (await ns.Raw.PatchAsync(ns["configmaps", "a"], """{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}""")).Refused(422, "Invalid");
        (await ns.PatchAsync("configmaps", "a", """{"data":{"still":"changes"}}""")).At("data", "still").AsText().ShouldBe("changes");
        await ns.PatchAsync("configmaps", "a", """{"metadata":{"finalizers":null}}""");
        (await ns.Raw.GetAsync(ns["configmaps", "a"])).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Preconditions_guard_a_deletion()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"], """{"preconditions":{"uid":"nope"}}""")).Refused(409, "Conflict");
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"], """{"preconditions":{"resourceVersion":"1"}}""")).Refused(409, "Conflict");
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"], $$$"""{"preconditions":{"uid":"{{{made.Uid}}}","resourceVersion":"{{{made.ResourceVersion}}}"}}""")).Expect(200);
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"] + "?propagationPolicy=Sometimes")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task In_the_background_dependents_follow_their_owner()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var owner = await ns.CreateAsync("configmaps", """{"metadata":{"name":"owner"}}""");
        await DependentAsync(ns, "child", owner.Uid);
        (await ns.Raw.DeleteAsync(ns["configmaps", "owner"], """{"propagationPolicy":"Background"}""")).Expect(200);
        (await ns.Raw.GetAsync(ns["configmaps", "owner"])).Code.ShouldBe(404);
        await ns.UntilGoneAsync("secrets", "child");
    }

    [Fact]
    public async Task In_the_foreground_the_owner_waits_for_the_dependents_that_block_it()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var owner = await ns.CreateAsync("configmaps", """{"metadata":{"name":"owner"}}""");
        await DependentAsync(ns, "child", owner.Uid, ",\"blockOwnerDeletion\":true", "\"finalizers\":[\"example.com/hold\"],");
        var deleted = (await ns.Raw.DeleteAsync(ns["configmaps", "owner"], """{"propagationPolicy":"Foreground"}""")).Expect(200);
        deleted.At("metadata", "finalizers").Items().Select(f => f.AsText()).ShouldBe(["foregroundDeletion"]);
        await ns.UntilAsync("secrets", "child", c => c.IsBeingDeleted);
        (await ns.GetAsync("configmaps", "owner")).IsBeingDeleted.ShouldBeTrue();
        await ns.PatchAsync("secrets", "child", """{"metadata":{"finalizers":null}}""");
        await ns.UntilGoneAsync("configmaps", "owner");
    }

    [Fact]
    public async Task Orphans_stay_without_their_owner()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var owner = await ns.CreateAsync("configmaps", """{"metadata":{"name":"owner"}}""");
        await DependentAsync(ns, "child", owner.Uid);
        (await ns.Raw.DeleteAsync(ns["configmaps", "owner"], """{"propagationPolicy":"Orphan"}""")).Expect(200);
        await ns.UntilGoneAsync("configmaps", "owner");
        await ns.UntilAsync("secrets", "child", c => c.At("metadata", "ownerReferences") is null);
    }

    [Fact]
    public async Task What_has_another_owner_left_stays_and_forgets_the_one_that_went()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var one = await ns.CreateAsync("configmaps", """{"metadata":{"name":"owner"}}""");
        var two = await ns.CreateAsync("configmaps", """{"metadata":{"name":"two"}}""");
        await ns.CreateAsync("secrets", $$$"""
            {"metadata":{"name":"child","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{one.Uid}}}"},{"apiVersion":"v1","kind":"ConfigMap","name":"two","uid":"{{{two.Uid}}}"}]}}
            """);
        (await ns.Raw.DeleteAsync(ns["configmaps", "owner"])).Expect(200);
        await ns.UntilAsync("secrets", "child", c => c.At("metadata", "ownerReferences").Objects().Select(o => o.Text("name")).SequenceEqual(["two"]));
    }

    [Fact]
    public async Task What_names_an_owner_that_never_was_goes()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await DependentAsync(ns, "child", "11111111-2222-3333-4444-555555555555");
        await ns.UntilGoneAsync("secrets", "child");
    }

    private static Task DependentAsync(TestNamespace ns, string name, string owner, string reference = "", string metadata = "") => ns.CreateAsync(
        "secrets",
        $$$"""{"metadata":{"name":"{{{name}}}",{{{metadata}}}"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{{{owner}}}"{{{reference}}}}]}}""");
}
