using System.Text;
using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Pods;

/// <summary>Pods that truly run. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.</summary>
public sealed class RunningPodTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_pod_that_ends_well_has_succeeded_and_its_log_stays()
    {
        await using var ns = await NewNamespaceAsync();
        await CreateAsync(ns, "echo one; echo two");
        var pod = await ns.UntilAsync("pods", "p", p => p.At("status", "phase").AsText() == "Succeeded");
        pod["status"]!["containerStatuses"]![0].At("state", "terminated", "reason").AsText().ShouldBe("Completed");
        pod["status"]!["containerStatuses"]![0].At("state", "terminated", "exitCode").AsLong().ShouldBe(0);
        var lines = new List<string>();
        await foreach (var line in cluster.Api.ReadLogAsync(ns.Name, "p", new LogOptions(), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        lines.ShouldBe(["one", "two"]);
    }

    [Fact]
    public async Task A_pod_that_ends_badly_has_failed_with_its_code()
    {
        await using var ns = await NewNamespaceAsync();
        await CreateAsync(ns, "exit 3");
        var pod = await ns.UntilAsync("pods", "p", p => p.At("status", "phase").AsText() == "Failed");
        var ended = pod["status"]!["containerStatuses"]![0].At("state", "terminated")!.AsObject();
        (ended["exitCode"].AsLong(), ended.Text("reason")).ShouldBe((3, "Error"));
    }

    [Fact]
    public async Task A_container_that_ends_is_started_again_where_the_pod_says_so()
    {
        await using var ns = await NewNamespaceAsync();
        await CreateAsync(ns, "exit 1", policy: "Always");
        var pod = await ns.UntilAsync("pods", "p", p => p.At("status", "containerStatuses") is JsonArray { Count: 1 } s && s[0].At("restartCount").AsLong() >= 1);
        pod["status"]!["containerStatuses"]![0].At("lastState", "terminated", "exitCode").AsLong().ShouldBe(1);
    }

    [Fact]
    public async Task Configuration_reaches_environment_and_files()
    {
        await using var ns = await NewNamespaceAsync();
        await ns.CreateAsync("configmaps", """{"metadata":{"name":"c"},"data":{"KEY":"value","file.txt":"text"}}""");
        await CreateAsync(
            ns,
            "echo $KEY $NAME $(cat /etc/c/file.txt)",
            container: """ "envFrom":[{"configMapRef":{"name":"c"}}],"env":[{"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],"volumeMounts":[{"name":"c","mountPath":"/etc/c"}],""",
            spec: """ "volumes":[{"name":"c","configMap":{"name":"c"}}],""");
        await ns.UntilAsync("pods", "p", p => p.At("status", "phase").AsText() == "Succeeded");
        (await ns.Raw.GetAsync(ns["pods", "p/log"], "*/*")).Text.ShouldBe("value p text\n");
    }

    [Fact]
    public async Task Init_containers_come_first_and_share_volumes()
    {
        await using var ns = await NewNamespaceAsync();
        const string Mount = """ "volumeMounts":[{"name":"w","mountPath":"/scratch"}]""";
        var init = $$"""{"name":"init","image":"{{cluster.Image.Reference}}","command":["sh","-c","echo made > /scratch/file"],{{Mount}} }""";
        await CreateAsync(ns, "cat /scratch/file", container: Mount + ",", spec: $$""" "initContainers":[{{init}}],"volumes":[{"name":"w","emptyDir":{ } }],""");
        await ns.UntilAsync("pods", "p", p => p.At("status", "phase").AsText() == "Succeeded");
        (await ns.Raw.GetAsync(ns["pods", "p/log"], "*/*")).Text.ShouldBe("made\n");
    }

    [Fact]
    public async Task A_pod_is_ready_when_its_probe_succeeds_and_ends_within_its_grace()
    {
        await using var ns = await NewNamespaceAsync();
        await CreateAsync(ns, "sleep 300", container: """ "readinessProbe":{"exec":{"command":["test","-f","/tmp/ready"]},"periodSeconds":1},""");
        await ns.UntilAsync("pods", "p", p => p.At("status", "phase").AsText() == "Running");
        (await ns.GetAsync("pods", "p")).Condition("Ready")!.Text("status").ShouldBe("False");

        using var output = new MemoryStream();
        var code = await cluster.Api.ExecAsync(ns.Name, "p", new ExecOptions(["sh", "-c", "touch /tmp/ready; echo done; exit 4"]) { Output = output }, TestContext.Current.CancellationToken);
        code.ShouldBe(4);
        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("done\n");
        await ns.UntilAsync("pods", "p", p => p.Condition("Ready")?.Text("status") == "True");
        (await ns.Raw.DeleteAsync(ns["pods", "p"] + "?gracePeriodSeconds=1")).Expect(200).IsBeingDeleted.ShouldBeTrue();
        await ns.UntilGoneAsync("pods", "p");
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_is_waited_for()
    {
        await using var ns = await NewNamespaceAsync();
        await ns.CreateAsync("pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"app","image":"127.0.0.1:1/none:1"}]}}""");
        await ns.UntilAsync("pods", "p", p => p.At("status", "containerStatuses") is JsonArray { Count: 1 } s && s[0].At("state", "waiting", "reason").AsText() is "ErrImagePull" or "ImagePullBackOff");
        (await ns.GetAsync("pods", "p")).At("status", "phase").AsText().ShouldBe("Pending");
    }

    private async Task<TestNamespace> NewNamespaceAsync()
    {
        Assert.SkipUnless(cluster.Image.Missing is null, $"No pod can be run here: {cluster.Image.Missing}");
        var ns = await cluster.NewNamespaceAsync();
        await ns.UntilAsync("serviceaccounts", "default", _ => true);
        return ns;
    }

    private Task CreateAsync(TestNamespace ns, string script, string policy = "Never", string container = "", string spec = "") => ns.CreateAsync("pods", $$"""
        {"metadata":{"name":"p"},"spec":{"restartPolicy":"{{policy}}",{{spec}}"containers":[{"name":"app","image":"{{cluster.Image.Reference}}",{{container}}"command":["sh","-c","{{script}}"]}] } }
        """);
}
