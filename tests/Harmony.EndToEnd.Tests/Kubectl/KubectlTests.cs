using System.Text.RegularExpressions;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Kubectl;

/// <summary>The real kubectl against the embedded runtime, with real containers.</summary>
public sealed partial class KubectlTests(KubectlMachine machine) : IClassFixture<KubectlMachine>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("client", "apply", "-f")]
    [InlineData("server", "apply", "--server-side", "-f")]
    public async Task Apply_get_describe_and_delete(string name, params string[] apply)
    {
        var kube = await NamespaceAsync($"apply-{name}");
        var file = machine.Home.Project($"apply-{name}");
        file = Path.Combine(file, "a.yaml");
        await File.WriteAllTextAsync(file, Manifests.Page("page", "one"), Cancellation);

        (await kube([.. apply, file])).Ends(0).Lines.ShouldBe(name == "client"
            ? ["deployment.apps/page created", "service/page created"]
            : ["deployment.apps/page serverside-applied", "service/page serverside-applied"]);
        (await kube(["rollout", "status", "deployment/page", "--timeout=60s"])).Ends(0).Output.ShouldContain("deployment \"page\" successfully rolled out");
        if (name == "client")
        {
            (await kube([.. apply, file])).Ends(0).Lines.ShouldBe(["deployment.apps/page unchanged", "service/page unchanged"]);
        }

        var wide = (await kube(["get", "pods", "-o", "wide"])).Ends(0).Lines;
        wide[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED", "NODE", "READINESS", "GATES"]);
        wide[1].ShouldMatch(@"^page-\S+\s+1/1\s+Running\s+0\s+\d+s\s+10\.");
        (await kube(["get", "deployment/page", "-o", "jsonpath={.status.readyReplicas}"])).Ends(0).Output.ShouldBe("1");
        var described = (await kube(["describe", "pod", "-l", "app=page"])).Ends(0).Output;
        described.ShouldContain("Status:           Running");
        described.ShouldContain("Image:         busybox:1");
        described.ShouldContain("Successfully assigned");
        described.ShouldContain("Container started");
        (await kube(["delete", "-f", file, "--timeout=60s"])).Ends(0).Output.ShouldContain("deployment.apps \"page\" deleted");
        (await kube(["wait", "--for=delete", "pod", "-l", "app=page", "--timeout=60s"])).Ends(0);
        (await kube(["get", "all"])).Ends(0).Error.ShouldContain("No resources found");
    }

    [Fact]
    public async Task Logs_exec_and_port_forward_reach_the_container()
    {
        var kube = await NamespaceAsync("streams");
        await ApplyAsync(kube, "streams", Manifests.Page("page", "hello from a pod"));
        (await kube(["wait", "--for=condition=Available", "deployment/page", "--timeout=60s"])).Ends(0).Output.ShouldContain("condition met");

        (await kube(["exec", "deploy/page", "--", "cat", "/tmp/index.html"])).Ends(0).Output.ShouldBe("hello from a pod\n");
        (await kube(["exec", "deploy/page", "--", "sh", "-c", "exit 9"])).ExitCode.ShouldBe(9);
        (await kube(["exec", "-i", "deploy/page", "--", "sh", "-c", "wc -c < /dev/stdin || cat"], "12345")).Output.ShouldContain("5");

        await using var forward = machine.StartKubectl(["-n", "streams", "port-forward", "--address", "127.0.0.1", "service/page", ":8080"]);
        await forward.SaysAsync("Forwarding from", Cancellation);
        var port = Forwarding().Match(forward.Output).Groups["port"].Value;
        (await Web.GetAsync($"http://127.0.0.1:{port}")).ShouldBe("hello from a pod\n");

        await ApplyAsync(kube, "chatty", Manifests.Deployment("chatty", "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.2; done"));
        (await kube(["rollout", "status", "deployment/chatty", "--timeout=60s"])).Ends(0);
        await using var logs = machine.StartKubectl(["-n", "streams", "logs", "-f", "deploy/chatty"]);
        await logs.SaysAsync("line 10\n", Cancellation);
        (await kube(["logs", "deploy/chatty", "--tail=1", "--timestamps"])).Ends(0).Output.ShouldMatch(@"^\d{4}-\S+Z line \d+\n$");
    }

    [Fact]
    public async Task Rollouts_can_be_restarted_undone_and_scaled()
    {
        var kube = await NamespaceAsync("rollouts");
        await ApplyAsync(kube, "web", Manifests.Page("web", "one"));
        (await kube(["rollout", "status", "deployment/web", "--timeout=60s"])).Ends(0);

        (await kube(["set", "env", "deployment/web", "VERSION=2"])).Ends(0);
        (await kube(["rollout", "status", "deployment/web", "--timeout=60s"])).Ends(0);
        (await kube(["exec", "deploy/web", "--", "sh", "-c", "echo $VERSION"])).Ends(0).Output.ShouldBe("2\n");
        (await kube(["rollout", "history", "deployment/web"])).Ends(0).Lines.Count.ShouldBe(4);
        (await kube(["rollout", "undo", "deployment/web"])).Ends(0).Output.ShouldContain("rolled back");
        (await kube(["rollout", "status", "deployment/web", "--timeout=60s"])).Ends(0);
        (await kube(["get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].env}"])).Ends(0).Output.ShouldBe("");
        (await kube(["rollout", "restart", "deployment/web"])).Ends(0);
        (await kube(["rollout", "status", "deployment/web", "--timeout=60s"])).Ends(0);

        (await kube(["scale", "deployment/web", "--replicas=3"])).Ends(0).Output.ShouldContain("scaled");
        (await kube(["wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=60s"])).Ends(0);

        // Pods that are ending stay endpoints until they are gone.
        await Wait.ForAsync(() => kube(["get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}"]), o => o.Ends(0).Output == "true true true", Cancellation);
        (await kube(["scale", "deployment/web", "--replicas=0"])).Ends(0);
        (await kube(["wait", "--for=delete", "pod", "-l", "app=web", "--timeout=60s"])).Ends(0);
    }

    [Fact]
    public async Task What_the_api_has_is_listed()
    {
        KubectlMachine.Need();

        var lines = (await machine.RunAsync(["api-resources"])).Ends(0).Lines;

        lines[0].ShouldStartWith("NAME");
        lines.ShouldContain(l => l.StartsWith("deployments ", StringComparison.Ordinal) && l.Contains("apps/v1", StringComparison.Ordinal));
        lines.ShouldContain(l => l.StartsWith("pods ", StringComparison.Ordinal));
        (await machine.RunAsync(["version"])).Ends(0).Output.ShouldContain("Server Version: v1.");
        (await machine.RunAsync(["get", "nodes"])).Ends(0).Lines[1].ShouldContain(" Ready ");
        (await machine.RunAsync(["auth", "can-i", "create", "pods"])).Ends(0).Output.ShouldBe("yes\n");
    }

    private async Task<Kube> NamespaceAsync(string ns)
    {
        KubectlMachine.Need();
        (await machine.RunAsync(["create", "namespace", ns])).Ends(0);
        return (arguments, input) => machine.RunAsync(["-n", ns, .. arguments], input);
    }

    private async Task ApplyAsync(Kube kube, string name, string manifest)
    {
        var file = Path.Combine(machine.Home.Projects, $"{name}.yaml");
        await File.WriteAllTextAsync(file, manifest, Cancellation);
        (await kube(["apply", "-f", file])).Ends(0);
    }

    private delegate Task<Outcome> Kube(string[] arguments, string input = "");

    [GeneratedRegex(@"127\.0\.0\.1:(?<port>\d+) ->", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Forwarding();
}
