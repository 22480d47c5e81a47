using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

public sealed class DryRunTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_dry_run_answers_as_if_and_stores_nothing()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = (await ns.Raw.PostAsync(ns["pods"] + "?dryRun=All", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"x"}]}}""")).Expect(201);
        made.At("spec", "restartPolicy").AsText().ShouldBe("Always");
        (await ns.Raw.GetAsync(ns["pods", "p"])).Code.ShouldBe(404);

        var kept = await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"},"data":{"k":"1"}}""");
        (await ns.Raw.PatchAsync(ns["configmaps", "a"] + "?dryRun=All", """{"data":{"k":"2"}}""")).Expect(200).At("data", "k").AsText().ShouldBe("2");
        kept["data"]!["k"] = "3";
        (await ns.Raw.PutAsync(ns["configmaps", "a"] + "?dryRun=All", kept)).Expect(200).At("data", "k").AsText().ShouldBe("3");
        (await ns.Raw.DeleteAsync(ns["configmaps", "a"] + "?dryRun=All")).Expect(200);
        var now = await ns.GetAsync("configmaps", "a");
        now.At("data", "k").AsText().ShouldBe("1");
        now.ResourceVersion.ShouldBe(kept.ResourceVersion);
        (await ns.Raw.PatchAsync(ns["configmaps", "b"] + "?dryRun=All&fieldManager=m", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}""", RawApi.ApplyPatch)).Expect(201);
        (await ns.Raw.GetAsync(ns["configmaps", "b"])).Code.ShouldBe(404);
    }

    [Fact]
    public async Task A_dry_run_refuses_what_would_be_refused()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"a"}}""");
        (await ns.Raw.PostAsync(ns["configmaps"] + "?dryRun=All", """{"metadata":{"name":"a"}}""")).Refused(409, "AlreadyExists");
        (await ns.Raw.PostAsync(ns["configmaps"] + "?dryRun=All", """{"metadata":{"name":"A"}}""")).Refused(422, "Invalid");
        (await ns.Raw.PostAsync(ns["configmaps"] + "?dryRun=Some", """{"metadata":{"name":"b"}}""")).Refused(422, "Invalid");
    }
}
