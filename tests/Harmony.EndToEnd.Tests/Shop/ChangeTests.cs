using System.Net;
using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Shop;

/// <summary>Projects that change, and data that outlives them.</summary>
public sealed class ChangeTests(ContainerMachine machine) : IClassFixture<ContainerMachine>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HarmonyHome Home => machine.Home;

    [Fact]
    public async Task What_changed_is_applied_what_cannot_change_is_replaced_and_what_left_is_pruned()
    {
        ContainerMachine.Need();
        var folder = Home.Project("site", ("page.yaml", Manifests.Page("page", "one")), ("extra.yaml", ConfigMap("extra")), ("job.yaml", Job("echo first")));
        var launch = await Home.UpAsync(folder);
        var address = ShopProject.AddressOf(launch);
        (await Web.GetAsync(address)).ShouldBe("one\n");

        File.WriteAllText(Path.Combine(folder, "page.yaml"), Manifests.Page("page", "two"));
        File.WriteAllText(Path.Combine(folder, "job.yaml"), Job("echo second"));
        File.Delete(Path.Combine(folder, "extra.yaml"));
        var outcome = (await Home.RunAsync("up", folder, "--any-port", "-o", "json")).Ends(0);

        outcome.Json["objects"]!.ToJsonString().ShouldBe("""{"created":0,"configured":1,"unchanged":1,"replaced":1,"removed":1}""");
        outcome.Error.ShouldContain("note: Job/prepare is replaced");
        ShopProject.AddressOf(outcome.Json).ShouldBe(address);
        (await Web.GetAsync(address)).ShouldBe("two\n");
        (await Home.RunAsync("logs", "prepare", "-p", "site", "--no-prefix")).Ends(0).Output.ShouldBe("second\n");
        using var api = new ClusterApi(Home.Kubeconfig);
        (await api.GetAsync("/api/v1/namespaces/site/configmaps", Cancellation))["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()).ShouldNotContain("extra");
    }

    [Fact]
    public async Task What_a_container_wrote_before_its_restart_can_be_read()
    {
        ContainerMachine.Need();
        var folder = Home.Project("flaky", ("pod.yaml", Manifests.Deployment("flaky", "if [ -e /data/seen ]; then echo better now; touch /tmp/ready; exec sleep 1000; fi; touch /data/seen; echo first try; exit 3", """
                    readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}
                    volumeMounts: [{name: data, mountPath: /data}]
                  volumes: [{name: data, emptyDir: {}}]
            """)));

        var launch = await Home.UpAsync(folder);

        launch["workloads"]![0]!["restarts"]!.GetValue<int>().ShouldBe(1);
        (await Home.RunAsync("logs", "flaky", "-p", "flaky", "--previous", "--no-prefix")).Ends(0).Output.ShouldBe("first try\n");
        (await Home.RunAsync("logs", "flaky", "-p", "flaky", "--no-prefix")).Ends(0).Output.ShouldBe("better now\n");
    }

    [Fact]
    public async Task The_shops_orders_survive_down_and_a_stopped_runtime_and_go_with_their_volumes()
    {
        ContainerMachine.Need();
        var folder = Home.CopyOf("shop", "shop");
        var address = ShopProject.AddressOf(await Home.UpAsync(folder));
        (await Web.PostAsync(address + "/api/orders", """{"product":"cheese"}""")).Status.ShouldBe(HttpStatusCode.Accepted);
        await Wait.ForAsync(() => ShippedAsync(address), shipped => shipped == 1, Cancellation);
        // The store writes its log to disk every second.
        await Task.Delay(TimeSpan.FromSeconds(1.5), Cancellation);

        var down = (await Home.RunAsync("down", "shop", "-o", "json")).Ends(0).Json;
        down["volumesKept"]!.GetValue<int>().ShouldBe(1);
        address = ShopProject.AddressOf(await Home.UpAsync(folder));
        (await ShippedAsync(address)).ShouldBe(1);

        (await Home.RunAsync("runtime", "stop")).Ends(0);
        (await Leftovers.FindAsync(Home.Path, Cancellation)).ShouldBeEmpty();
        (await Home.RunAsync("status", "shop")).Ends(1).Output.ShouldContain("unknown");
        (await Home.RunAsync("runtime", "start")).Ends(0);
        await Wait.ForAsync(() => Home.RunAsync("status", "shop"), o => o.ExitCode == 0, Cancellation);
        (await ShippedAsync(address)).ShouldBe(1);

        (await Home.RunAsync("down", "shop", "--volumes", "-o", "json")).Ends(0).Json["volumesKept"]!.GetValue<int>().ShouldBe(0);
        using (var api = new ClusterApi(Home.Kubeconfig))
        {
            (await api.GetAsync("/api/v1/namespaces", Cancellation))["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()).ShouldNotContain("shop");
            (await api.GetAsync("/api/v1/persistentvolumes", Cancellation))["items"]!.AsArray().ShouldBeEmpty();
        }

        (await ShippedAsync(ShopProject.AddressOf(await Home.UpAsync(folder)))).ShouldBe(0);
        (await Home.RunAsync("down", "shop", "--volumes")).Ends(0);
    }

    private static async Task<int> ShippedAsync(string address) => JsonNode.Parse(await Web.GetAsync(address + "/api/orders"))!["shipped"]!.GetValue<int>();

    private static string ConfigMap(string name) => $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n";

    private static string Job(string script) =>
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: prepare}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'busybox:1', command: [sh, -c, '" + script + "']}]}}}\n";
}
