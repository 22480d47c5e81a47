using System.Diagnostics;

namespace Harmony.Embedded.Tests.Api;

/// <summary>The real kubectl against the API alone: what needs no controllers and no node.</summary>
public sealed class KubectlTests(EmbeddedServerFixture server) : IClassFixture<EmbeddedServerFixture>
{
    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          labels: {app: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: c, image: "nginx:1"}
        """;

    [Fact]
    public async Task It_applies_reads_changes_waits_and_deletes()
    {
        var ns = await server.NewNamespaceAsync();
        (await KubectlAsync(Deployment, "apply", "-n", ns, "-f", "-")).ShouldBe("deployment.apps/web created");
        (await KubectlAsync(Deployment, "apply", "-n", ns, "-f", "-")).ShouldBe("deployment.apps/web unchanged");
        (await KubectlAsync(Deployment.Replace("nginx:1", "nginx:2"), "apply", "-n", ns, "-f", "-")).ShouldBe("deployment.apps/web configured");
        (await KubectlAsync(null, "get", "deployments", "-n", ns, "-o", "wide")).ShouldContain("nginx:2");
        (await KubectlAsync(null, "get", "deploy", "-n", ns, "-o", "jsonpath={.items[*].spec.replicas}")).ShouldBe("2");
        (await KubectlAsync(null, "scale", "deploy/web", "-n", ns, "--replicas=5")).ShouldBe("deployment.apps/web scaled");
        (await KubectlAsync(null, "patch", "deploy", "web", "-n", ns, "-p", """{"spec":{"paused":true}}""")).ShouldBe("deployment.apps/web patched");
        (await KubectlAsync(null, "label", "deploy", "web", "-n", ns, "x=y")).ShouldBe("deployment.apps/web labeled");
        (await KubectlAsync(null, "wait", "deploy/web", "-n", ns, "--for=jsonpath={.spec.replicas}=5", "--timeout=5s")).ShouldBe("deployment.apps/web condition met");
        (await KubectlAsync(null, "describe", "deploy", "web", "-n", ns)).ShouldContain("5 desired");
        (await KubectlAsync(null, "delete", "deploy", "web", "-n", ns)).ShouldStartWith("deployment.apps \"web\" deleted");
        (await KubectlAsync(null, "get", "all", "-n", ns)).ShouldContain("No resources found");
    }

    [Fact]
    public async Task It_applies_on_the_server_side_and_meets_the_conflicts_of_two_managers()
    {
        var ns = await server.NewNamespaceAsync();
        (await KubectlAsync(Deployment, "apply", "--server-side", "-n", ns, "-f", "-")).ShouldBe("deployment.apps/web serverside-applied");
        var refused = await KubectlAsync(Deployment.Replace("replicas: 2", "replicas: 3"), "apply", "--server-side", "--field-manager=other", "-n", ns, "-f", "-");
        refused.ShouldContain("conflict");
        refused.ShouldContain(".spec.replicas");
        (await KubectlAsync(Deployment.Replace("replicas: 2", "replicas: 3"), "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-n", ns, "-f", "-"))
            .ShouldBe("deployment.apps/web serverside-applied");
    }

    [Fact]
    public async Task It_refuses_a_field_that_does_not_exist()
    {
        var ns = await server.NewNamespaceAsync();
        (await KubectlAsync(Deployment.Replace("replicas: 2", "replica: 2"), "create", "-n", ns, "-f", "-")).ShouldContain("unknown field \"spec.replica\"");
    }

    [Fact]
    public async Task It_creates_from_the_command_line()
    {
        var ns = await server.NewNamespaceAsync();
        (await KubectlAsync(null, "create", "configmap", "m", "--from-literal=a=b", "-n", ns)).ShouldBe("configmap/m created");
        (await KubectlAsync(null, "create", "deployment", "d", "--image=nginx", "-n", ns)).ShouldBe("deployment.apps/d created");
        (await KubectlAsync(null, "expose", "deployment", "d", "--port=80", "-n", ns)).ShouldBe("service/d exposed");
        (await KubectlAsync(null, "create", "quota", "q", "--hard=pods=9,requests.storage=1500Mi", "-n", ns)).ShouldBe("resourcequota/q created");
        (await KubectlAsync(null, "get", "quota", "q", "-n", ns, "-o", "jsonpath={.spec.hard}")).ShouldBe("""{"pods":"9","requests.storage":"1500Mi"}""");
        (await KubectlAsync(null, "create", "pdb", "b", "--selector=app=d", "--min-available=50%", "-n", ns)).ShouldBe("poddisruptionbudget.policy/b created");
        (await KubectlAsync(null, "create", "token", "default", "-n", ns)).Split('.').Length.ShouldBe(3);
        (await KubectlAsync(null, "run", "p", "--image=nginx", "-n", ns)).ShouldBe("pod/p created");
        (await KubectlAsync(null, "delete", "pod", "p", "-n", ns, "--now")).ShouldContain("deleted");
    }

    [Fact]
    public async Task It_lists_what_is_served_and_explains_it()
    {
        var resources = await KubectlAsync(null, "api-resources");
        resources.ShouldContain("deployments");
        resources.ShouldContain("customresourcedefinitions");
        (await KubectlAsync(null, "version")).ShouldContain("Server Version: v1.36.2");
        (await KubectlAsync(null, "auth", "can-i", "delete", "pods")).ShouldBe("yes");
        (await KubectlAsync(null, "auth", "whoami")).ShouldContain("kubernetes-admin");
        (await KubectlAsync(null, "explain", "deployment.spec.replicas")).ShouldContain("Number of desired pods");
    }

    private async Task<string> KubectlAsync(string? input, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/kubectl") || File.Exists("/usr/local/bin/kubectl"), "kubectl is not installed on this machine");
        var start = new ProcessStartInfo("kubectl") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--cache-dir=" + Path.Combine(server.Home, "kubectl"));
        start.ArgumentList.Add("--kubeconfig=" + server.Options.KubeconfigPath);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (await output + await error).Trim();
    }
}
