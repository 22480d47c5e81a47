using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Api;

public sealed class QuotaTests(EmbeddedServerFixture server) : IClassFixture<EmbeddedServerFixture>
{
    [Fact]
    public async Task A_quota_refuses_what_exceeds_it_and_counts_no_ended_pod()
    {
        var ns = await NamespaceAsync("resourcequotas", """{"kind":"ResourceQuota","apiVersion":"v1","metadata":{"name":"small"},"spec":{"hard":{"pods":"2","configmaps":"0"}}}""");
        (await PodAsync(ns, "a")).Code.ShouldBe(201);
        (await PodAsync(ns, "b")).Code.ShouldBe(201);
        var (code, refused) = await PodAsync(ns, "c");
        code.ShouldBe(403);
        refused.At("reason").AsText().ShouldBe("Forbidden");
        refused.At("message").AsText().ShouldBe("pods \"c\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2");
        (_, refused) = await server.PostAsync($"/api/v1/namespaces/{ns}/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"}}""");
        refused.At("message").AsText().ShouldBe("configmaps \"m\" is forbidden: exceeded quota: small, requested: configmaps=1, used: configmaps=0, limited: configmaps=0");

        (await server.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{ns}/pods/a/status", """{"status":{"phase":"Succeeded"}}""", "application/merge-patch+json")).Code.ShouldBe(200);
        (await PodAsync(ns, "c")).Code.ShouldBe(201);
    }

    [Fact]
    public async Task A_quota_of_cpu_and_memory_demands_that_containers_name_theirs_and_adds_them_up()
    {
        var ns = await NamespaceAsync("resourcequotas", """{"kind":"ResourceQuota","apiVersion":"v1","metadata":{"name":"compute"},"spec":{"hard":{"requests.cpu":"2","limits.memory":"2Gi"}}}""");
        var (code, refused) = await PodAsync(ns, "app");
        code.ShouldBe(403);
        refused.At("message").AsText().ShouldBe("pods \"app\" is forbidden: failed quota: compute: must specify limits.memory for: app; requests.cpu for: app");

        const string Ask = """{"requests":{"cpu":"1500m"},"limits":{"memory":"1Gi"}}""";
        (await PodAsync(ns, "one", Ask)).Code.ShouldBe(201);
        (_, refused) = await PodAsync(ns, "two", Ask);
        refused.At("message").AsText().ShouldBe(
            "pods \"two\" is forbidden: exceeded quota: compute, requested: requests.cpu=1500m, used: requests.cpu=1500m, limited: requests.cpu=2");
    }

    [Fact]
    public async Task Two_creations_at_once_do_not_take_the_same_rest()
    {
        var ns = await NamespaceAsync("resourcequotas", """{"kind":"ResourceQuota","apiVersion":"v1","metadata":{"name":"small"},"spec":{"hard":{"pods":"3"}}}""");
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PodAsync(ns, $"p{i}")));
        answers.Count(a => a.Code == 201).ShouldBe(3);
        answers.Count(a => a.Code == 403).ShouldBe(9);
    }

    [Fact]
    public async Task A_scoped_quota_is_for_the_pods_of_its_scope_alone()
    {
        var ns = await NamespaceAsync("resourcequotas", """{"kind":"ResourceQuota","apiVersion":"v1","metadata":{"name":"best"},"spec":{"hard":{"pods":"0"},"scopes":["BestEffort"]}}""");
        (await PodAsync(ns, "best")).Code.ShouldBe(403);
        (await PodAsync(ns, "better", """{"requests":{"cpu":"1m"}}""")).Code.ShouldBe(201);
    }

    [Fact]
    public async Task A_limit_range_fills_in_what_containers_leave_out()
    {
        var ns = await NamespaceAsync("limitranges", """
            {"kind":"LimitRange","apiVersion":"v1","metadata":{"name":"limits"},"spec":{"limits":[{"type":"Container","default":{"cpu":"500m","memory":"256Mi"},"defaultRequest":{"cpu":"100m"}}]}}
            """);
        var (code, pod) = await PodAsync(ns, "app");
        code.ShouldBe(201);
        pod.At("spec", "containers")![0]!["resources"]!.ToJsonString().ShouldBe("""{"requests":{"cpu":"100m","memory":"256Mi"},"limits":{"cpu":"500m","memory":"256Mi"}}""");
        pod.At("metadata", "annotations", "kubernetes.io/limit-ranger").AsText()
            .ShouldBe("LimitRanger plugin set: cpu, memory request for container app; cpu, memory limit for container app");
        pod.At("status", "qosClass").AsText().ShouldBe("Burstable");
    }

    [Fact]
    public async Task A_limit_range_refuses_what_is_beyond_its_bounds()
    {
        var ns = await NamespaceAsync("limitranges", """
            {"kind":"LimitRange","apiVersion":"v1","metadata":{"name":"limits"},"spec":{"limits":[
             {"type":"Container","min":{"cpu":"50m"},"max":{"memory":"256Mi"},"default":{"memory":"128Mi"},"defaultRequest":{"cpu":"60m"},"maxLimitRequestRatio":{"memory":"2"}},
             {"type":"PersistentVolumeClaim","min":{"storage":"1Gi"},"max":{"storage":"2Gi"}}]}}
            """);
        (await RefusalAsync("""{"limits":{"memory":"1Gi"}}""")).ShouldBe("pods \"app\" is forbidden: maximum memory usage per Container is 256Mi, but limit is 1Gi");
        (await RefusalAsync("""{"requests":{"cpu":"10m"}}""")).ShouldBe("pods \"app\" is forbidden: minimum cpu usage per Container is 50m, but request is 10m");
        (await RefusalAsync("""{"requests":{"memory":"32Mi","cpu":"1m"}}""")).ShouldBe(
            "pods \"app\" is forbidden: [minimum cpu usage per Container is 50m, but request is 1m, memory max limit to request ratio per Container is 2, but provided ratio is 4.000000]");
        (await PodAsync(ns, "app")).Code.ShouldBe(201);

        var (code, refused) = await server.PostAsync($"/api/v1/namespaces/{ns}/persistentvolumeclaims", """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"3Gi"}}}}
            """);
        code.ShouldBe(403);
        refused.At("message").AsText().ShouldBe("persistentvolumeclaims \"data\" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi");

        async Task<string?> RefusalAsync(string resources) => (await PodAsync(ns, "app", resources)).Body.At("message").AsText();
    }

    private async Task<string> NamespaceAsync(string plural, string json)
    {
        var ns = await server.NewNamespaceAsync();
        await server.PostAsync($"/api/v1/namespaces/{ns}/serviceaccounts", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""");
        (await server.PostAsync($"/api/v1/namespaces/{ns}/{plural}", json)).Code.ShouldBe(201);
        return ns;
    }

    private Task<(int Code, JsonNode? Body)> PodAsync(string ns, string name, string resources = "{}") => server.PostAsync($"/api/v1/namespaces/{ns}/pods", $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"app","image":"busybox","resources":{{{resources}}}}]}}
        """);
}
