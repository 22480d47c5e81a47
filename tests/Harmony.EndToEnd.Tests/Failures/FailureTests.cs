using System.Net;
using System.Net.Sockets;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Failures;

/// <summary>What cannot work ends early, with the cause; and once it is mended the same command works.</summary>
public sealed class FailureTests(ContainerMachine machine) : IClassFixture<ContainerMachine>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HarmonyHome Home => machine.Home;

    [Fact]
    public async Task A_crash_loop_is_shown_with_its_last_words()
    {
        ContainerMachine.Need();
        var folder = Home.Project("crashing", ("a.yaml", Manifests.Deployment("web", "echo cannot find my database; exit 3")));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("CrashLoop");
        finding["container"]!.GetValue<string>().ShouldBe("main");
        finding["log"]!.AsArray().Select(l => l!.GetValue<string>()).ShouldContain("cannot find my database");
        finding["evidence"]!.ToJsonString().ShouldContain("exit code 3");
        (await Home.RunAsync("status", "crashing")).Ends(1);
        (await Home.RunAsync("down", "crashing")).Ends(0);
    }

    [Fact]
    public async Task A_program_that_is_not_in_the_image_is_named()
    {
        ContainerMachine.Need();
        var folder = Home.Project("no-program", ("a.yaml", Manifests.Deployment("web", "true").Replace("\"sh\"", "\"no-such-program\"", StringComparison.Ordinal)));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("CommandNotFound");
        finding["evidence"]!.ToJsonString().ShouldContain("no-such-program");
        (await Home.RunAsync("down", "no-program")).Ends(0);
    }

    [Fact]
    public async Task A_pod_that_is_larger_than_the_machine_is_told_so()
    {
        ContainerMachine.Need();
        var folder = Home.Project("huge", ("a.yaml", Manifests.Deployment("web", "sleep 1000", "        resources: {requests: {cpu: 1000, memory: 4Ti}}")));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("Unschedulable");
        finding["evidence"]!.ToJsonString().ShouldContain("Insufficient cpu");
        (await Home.RunAsync("down", "huge")).Ends(0);
    }

    [Fact]
    public async Task A_missing_configmap_is_named()
    {
        ContainerMachine.Need();
        var folder = Home.Project("no-config", ("a.yaml", Manifests.Deployment("web", "sleep 1000", "        envFrom: [{configMapRef: {name: settings}}]")));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("ConfigurationMissing");
        finding["evidence"]!.ToJsonString().ShouldContain("settings");
        (await Home.RunAsync("down", "no-config")).Ends(0);
    }

    [Fact]
    public async Task A_failed_job_fails_the_launch_and_a_corrected_one_mends_it()
    {
        ContainerMachine.Need();
        static string Job(string script) => "apiVersion: batch/v1\nkind: Job\nmetadata: {name: prepare}\nspec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'busybox:1', command: [sh, -c, '" + script + "']}]}}}\n";
        var folder = Home.Project("failed-job", ("a.yaml", Job("echo no such table; exit 1")));

        var (finding, outcome) = await Home.FailAsync(folder);

        outcome.ShouldBe("DoesNotWork");
        finding["code"]!.GetValue<string>().ShouldBe("JobFailed");
        finding["log"]!.ToJsonString().ShouldContain("no such table");
        File.WriteAllText(Path.Combine(folder, "a.yaml"), Job("echo fine"));
        (await Home.UpAsync(folder))["objects"]!["replaced"]!.GetValue<int>().ShouldBe(1);
        (await Home.RunAsync("down", "failed-job")).Ends(0);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_program_that_holds_it()
    {
        ContainerMachine.Need();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var folder = Home.Project("taken", ("a.yaml", Manifests.Page("page", "hi")));

        var refused = (await Home.RunAsync("up", folder, "--publish", $"{port}:page:8080")).Ends(3);

        refused.Error.ShouldContain($"Port {port} for page is taken by ");
        refused.Error.ShouldContain($"(process {Environment.ProcessId})");
        var launch = await Home.UpAsync(folder, "--publish", $"{port}:page:8080");
        launch["ports"]![0]!["localPort"]!.GetValue<int>().ShouldNotBe(port);
        (await Web.GetAsync(launch["ports"]![0]!["location"]!.GetValue<string>())).ShouldBe("hi\n");
        (await Home.RunAsync("down", "taken")).Ends(0);
    }

    [Fact]
    public async Task When_the_time_is_up_or_the_user_interrupts_the_same_command_goes_on()
    {
        ContainerMachine.Need();
        var folder = Home.Project("late", ("a.yaml", Manifests.Deployment("web", "sleep 1000", "        readinessProbe: {exec: {command: [test, -e, /tmp/ready]}, periodSeconds: 1}")));

        var late = (await Home.RunAsync("up", folder, "--timeout", "6s", "-o", "json")).Ends(4).Json;
        await using var interrupted = Home.Start("up", folder);
        await interrupted.SaysAsync("Deployment/web: ", Cancellation);
        interrupted.Interrupt();

        late["findings"]![0]!["code"]!.GetValue<string>().ShouldBeOneOf("ProbeFailing", "NotReady");
        (await interrupted.EndAsync(TimeSpan.FromSeconds(20), Cancellation)).Ends(130);
        await using var again = Home.Start("up", folder, "-o", "json");
        await again.SaysAsync("Deployment/web: ", Cancellation);
        (await Home.RunAsync("exec", "web", "-p", "late", "--", "touch", "/tmp/ready")).Ends(0);
        var works = (await again.EndAsync(TimeSpan.FromMinutes(1), Cancellation)).Ends(0).Json;
        works["objects"]!["unchanged"]!.GetValue<int>().ShouldBe(1);
        works["workloads"]![0]!["restarts"]!.GetValue<int>().ShouldBe(0);
        (await Home.RunAsync("down", "late")).Ends(0);
    }
}
