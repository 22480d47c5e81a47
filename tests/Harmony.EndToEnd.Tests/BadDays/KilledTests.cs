using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.BadDays;

/// <summary>Whatever is killed, the same command goes on.</summary>
public sealed class KilledTests(ContainerMachine machine) : IClassFixture<ContainerMachine>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HarmonyHome Home => machine.Home;

    [Theory]
    [InlineData("project:")]
    [InlineData("starting the embedded runtime")]
    [InlineData("runtime:")]
    [InlineData("images:")]
    [InlineData("objects:")]
    public async Task Killed_at_any_step_a_launch_can_be_done_again(string step)
    {
        await using var home = new HarmonyHome();
        await using (var killed = home.Start("up", Repository.Example("hello"), "--any-port"))
        {
            await killed.SaysAsync(step, Cancellation);
            killed.Kill();
        }

        var launch = await home.UpAsync(Repository.Example("hello"));

        (await Web.GetAsync(AddressOf(launch))).ShouldContain("Hello from WebAssembly");
        Leftovers.Own(home.Path).Count(p => Leftovers.CommandLine(p).Contains(" embedded serve", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Containers_outlive_the_runtimes_process_and_are_adopted_by_the_next()
    {
        ContainerMachine.Need();
        var folder = Home.Project("survivor", ("a.yaml", Manifests.Page("page", "still here")));
        var launch = await Home.UpAsync(folder);
        var pod = (await Home.RunAsync("exec", "page", "-p", "survivor", "--", "hostname")).Ends(0).Output;
        var containers = Leftovers.Containers(Home.Path).Order().ToList();
        containers.ShouldNotBeEmpty();

        Signals.Send(Home.RuntimeProcess, Signals.Kill);

        var status = (await Home.RunAsync("status", "survivor", "-o", "json")).Ends(1).Json["projects"]![0]!;
        status["works"]!.GetValue<bool>().ShouldBeFalse();
        status["unreachable"].ShouldNotBeNull();
        Leftovers.Containers(Home.Path).Order().ShouldBe(containers);
        var again = await Home.UpAsync(folder);
        again["objects"]!["unchanged"]!.GetValue<int>().ShouldBe(2);
        again["workloads"]![0]!["restarts"]!.GetValue<int>().ShouldBe(0);
        AddressOf(again).ShouldBe(AddressOf(launch));
        (await Web.GetAsync(AddressOf(again))).ShouldBe("still here\n");
        Leftovers.Containers(Home.Path).Order().ShouldBe(containers);
        (await Home.RunAsync("exec", "page", "-p", "survivor", "--", "hostname")).Ends(0).Output.ShouldBe(pod);
        (await Home.RunAsync("status", "survivor")).Ends(0);
        (await Home.RunAsync("logs", "-p", "survivor")).Ends(0);
        (await Home.RunAsync("down", "survivor")).Ends(0);
    }

    [Fact]
    public async Task A_killed_port_server_is_noticed_and_started_again()
    {
        ContainerMachine.Need();
        var folder = Home.Project("ports", ("a.yaml", Manifests.Page("page", "hi")));
        var launch = await Home.UpAsync(folder);

        Signals.Send(Home.PortProcess, Signals.Kill);

        (await Wait.ForAsync(() => Home.RunAsync("status", "ports", "-o", "json"), o => o.ExitCode == 1, Cancellation)).Json["projects"]![0]!["ports"]![0]!["fault"]!.GetValue<string>().ShouldContain("harmony up");
        var again = await Home.UpAsync(folder);
        AddressOf(again).ShouldBe(AddressOf(launch));
        (await Web.GetAsync(AddressOf(again))).ShouldBe("hi\n");
        (await Home.RunAsync("down", "ports")).Ends(0);
    }

    [Fact]
    public async Task After_a_power_cut_the_project_comes_back_with_its_data()
    {
        ContainerMachine.Need();
        var folder = Home.Project("durable", ("a.yaml", """
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: data}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
            ---

            """ + Manifests.Page("page", "unused").Replace("echo unused > /tmp/index.html", "[ -e /tmp/index.html ] || cat /proc/sys/kernel/random/uuid > /tmp/index.html; sync", StringComparison.Ordinal)
                .Replace("        readinessProbe", "        volumeMounts: [{name: data, mountPath: /tmp}]\n        readinessProbe", StringComparison.Ordinal)
                .Replace("\n---\napiVersion: v1\nkind: Service", "\n      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n---\napiVersion: v1\nkind: Service", StringComparison.Ordinal)));
        var launch = await Home.UpAsync(folder);
        var written = await Web.GetAsync(AddressOf(launch));
        written.Length.ShouldBe(37);

        await Leftovers.CutPowerAsync(Home.Path, Cancellation);
        (await Leftovers.FindAsync(Home.Path, Cancellation)).ShouldBeEmpty();
        var again = await Home.UpAsync(folder);

        (await Web.GetAsync(AddressOf(again))).ShouldBe(written);
        AddressOf(again).ShouldBe(AddressOf(launch));
        (await Home.RunAsync("status", "durable")).Ends(0);
        (await Home.RunAsync("down", "durable", "--volumes")).Ends(0);
    }

    private static string AddressOf(JsonNode launch) => launch["ports"]![0]!["location"]!.GetValue<string>();
}
