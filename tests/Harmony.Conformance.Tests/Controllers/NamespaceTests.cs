using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Controllers;

public sealed class NamespaceTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_new_namespace_has_a_service_account_and_the_clusters_certificate()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var made = (await ns.Raw.GetAsync($"/api/v1/namespaces/{ns.Name}")).Expect(200);
        made.Label("kubernetes.io/metadata.name").ShouldBe(ns.Name);
        made.At("status", "phase").AsText().ShouldBe("Active");
        made.At("spec", "finalizers").Items().Select(f => f.AsText()).ShouldBe(["kubernetes"]);
        await ns.UntilAsync("serviceaccounts", "default", _ => true);
        (await ns.UntilAsync("configmaps", "kube-root-ca.crt", _ => true)).At("data", "ca.crt").AsText()!.ShouldContain("BEGIN CERTIFICATE");

        await ns.Raw.DeleteAsync(ns["serviceaccounts", "default"]);
        await ns.UntilAsync("serviceaccounts", "default", _ => true);
        await ns.PatchAsync("configmaps", "kube-root-ca.crt", """{"data":{"ca.crt":"mine"}}""");
        await ns.UntilAsync("configmaps", "kube-root-ca.crt", c => c.At("data", "ca.crt").AsText()!.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_namespace_ends_when_all_that_was_in_it_has_gone()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns.Name}";
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"held","finalizers":["example.com/hold"]}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"free"}}""");
        await ns.CreateAsync("deployments", Api.ObjectTests.Deployment(cluster, "\"replicas\":1,"));
        await ns.UntilListAsync("pods", l => l.Count == 1);

        (await ns.Raw.DeleteAsync(path)).Expect(200).At("status", "phase").AsText().ShouldBe("Terminating");
        await ns.UntilGoneAsync("secrets", "free");
        var refused = (await ns.Raw.PostAsync(ns["secrets"], """{"metadata":{"name":"late"}}""")).Refused(403, "Forbidden");
        refused.Message.ShouldContain("because it is being terminated");
        refused.Body.At("details", "causes").Objects().Single().Text("reason").ShouldBe("NamespaceTerminating");
        await Until.AsyncAs(
            async () => (await ns.Raw.GetAsync(path)).Expect(200),
            n => n.Condition("NamespaceFinalizersRemaining")?.Text("status") == "True" && n.Condition("NamespaceDeletionContentFailure")?.Text("status") == "False");

        await ns.PatchAsync("configmaps", "held", """{"metadata":{"finalizers":null}}""");
        await Until.TrueAsync(async () => (await ns.Raw.GetAsync(path)).Code == 404, "the namespace is gone");
    }

    [Fact]
    public async Task A_claim_takes_the_default_class_and_is_bound_where_nothing_has_to_wait()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var classes = (await ns.Raw.GetAsync("/apis/storage.k8s.io/v1/storageclasses")).Expect(200)["items"].Objects().ToList();
        var chosen = classes.FirstOrDefault(c => c.Annotation("storageclass.kubernetes.io/is-default-class") == "true");
        Assert.SkipUnless(chosen is not null, "The cluster has no default storage class.");

        var claim = await ns.CreateAsync("persistentvolumeclaims", """{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}""");
        claim.At("spec", "storageClassName").AsText().ShouldBe(chosen.Name);
        claim.At("metadata", "finalizers").Items().Select(f => f.AsText()).ShouldContain("kubernetes.io/pvc-protection");
        if (chosen.Text("volumeBindingMode") != "Immediate")
        {
            return;
        }

        var bound = await ns.UntilAsync("persistentvolumeclaims", "data", c => c.At("status", "phase").AsText() == "Bound");
        var volume = $"/api/v1/persistentvolumes/{bound.At("spec", "volumeName").AsText()}";
        (await Until.AsyncAs(async () => (await ns.Raw.GetAsync(volume)).Expect(200), v => v.At("status", "phase").AsText() == "Bound")).At("spec", "claimRef", "uid").AsText().ShouldBe(claim.Uid);
        (await ns.Raw.DeleteAsync(ns["persistentvolumeclaims", "data"])).Expect(200);
        await ns.UntilGoneAsync("persistentvolumeclaims", "data");
        if (chosen.Text("reclaimPolicy") == "Delete")
        {
            await Until.TrueAsync(async () => (await ns.Raw.GetAsync(volume)).Code == 404, "the volume goes with its claim");
        }
    }

    [Fact]
    public async Task A_budget_keeps_pods_from_being_evicted_below_it()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("replicasets", $$$"""{"metadata":{"name":"rs"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{{{cluster.Node.Template("web")}}}}}""");
        var pods = await ns.UntilListAsync("pods", l => l.Count == 2 && l.All(p => p.Condition("Ready")?.Text("status") == "True"));
        await ns.CreateAsync("poddisruptionbudgets", """{"metadata":{"name":"b"},"spec":{"minAvailable":2,"selector":{"matchLabels":{"app":"web"}}}}""");
        await ns.UntilAsync("poddisruptionbudgets", "b", b => b.At("status", "currentHealthy").AsLong() == 2 && b.At("status", "desiredHealthy").AsLong() == 2);
        var refused = (await ns.Raw.PostAsync(ns["pods", pods[0].Name + "/eviction"], EvictionOf(pods[0].Name))).Refused(429, "TooManyRequests");
        refused.Body.At("details", "causes").Objects().Single().Text("reason").ShouldBe("DisruptionBudget");

        await ns.PatchAsync("poddisruptionbudgets", "b", """{"spec":{"minAvailable":1}}""");
        await ns.UntilAsync("poddisruptionbudgets", "b", b => b.At("status", "disruptionsAllowed").AsLong() == 1);
        (await ns.Raw.PostAsync(ns["pods", pods[0].Name + "/eviction"], EvictionOf(pods[0].Name))).Expect(201);
        await ns.UntilGoneAsync("pods", pods[0].Name);
    }

    private static string EvictionOf(string pod) => $$$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{{pod}}}"}}""";
}
