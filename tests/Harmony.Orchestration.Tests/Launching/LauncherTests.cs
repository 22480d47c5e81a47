using System.Net;
using System.Net.Sockets;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Tests.Fakes;
using Harmony.Platform.Locks;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Launching;

public sealed class LauncherTests : IAsyncLifetime
{
    private const string Settings = """
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: settings }
        """;

    private readonly FakeHome home = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    private static string WebOn(int port) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec: { replicas: 1, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [ { name: main, image: web } ] } } }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec: { type: LoadBalancer, selector: { app: web }, ports: [ { name: http, port: {{port}} } ] }
        """;

    private Task<LaunchResult> UpAsync(string source, Func<LaunchOptions, LaunchOptions>? with = null, TimeProvider? time = null)
    {
        var options = new LaunchOptions { Source = source, Timeout = TimeSpan.FromSeconds(30) };
        return home.Launcher(time).RunAsync(with?.Invoke(options) ?? options, home.Observer, Cancellation);
    }

    /// <summary>Plays the controllers: every Deployment that is applied is ready at once.</summary>
    private void EverythingWorks()
    {
        home.Cluster.OnWrite = obj =>
        {
            if (obj.Kind == "Deployment")
            {
                obj["status"] = Trees.Deployment(obj.Name)["status"]!.DeepClone();
            }

            if (obj.Kind == "Service")
            {
                obj.Child("spec")["clusterIP"] = "10.0.0.1";
            }
        };
        home.Cluster.Put(Trees.Pod("web-1-a", "web"));
        home.Cluster.Put(Trees.Slice("web", "web-1-a"));
        home.Cluster.OnWrite += obj =>
        {
            if (obj.Kind == "Deployment" && home.Cluster.Find("ReplicaSet", "web-1") is null)
            {
                home.Cluster.Put(Trees.Parse($$$"""
                    {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","namespace":"shop","uid":"web-1-uid","ownerReferences":[{"kind":"Deployment","uid":"{{{obj.Uid}}}","controller":true}]} }
                    """));
            }
        };
    }

    [Fact]
    public async Task A_project_that_works_is_published_and_remembered()
    {
        EverythingWorks();
        await using var pod = new LoopbackPort("pod a");
        home.Cluster.Ports[("web-1-a", 8080)] = pod.Number;
        var port = LoopbackPort.Free();

        var result = await UpAsync(home.Project("shop", WebOn(port)));

        result.Outcome.ShouldBe(LaunchOutcome.Works);
        result.ExitCode.ShouldBe(0);
        (await LoopbackPort.GreetingAsync(port, Cancellation)).ShouldBe("pod a");
        home.Records.Find("shop")!.Ports.ShouldBe(result.Ports);
        home.Cluster.IsDisposed.ShouldBeTrue("the connection of the launch is closed");
    }

    [Fact]
    public async Task Ports_are_published_even_where_the_project_does_not_work()
    {
        home.Cluster.Put(Trees.ReplicaSet("web-1", "web"));
        home.Cluster.OnWrite = obj =>
        {
            if (obj.Kind == "Deployment")
            {
                obj.Metadata["uid"] = "web-uid";
            }
        };
        home.Cluster.Put(Trees.Pod("web-1-a", "web", Trees.Waiting("InvalidImageName", "no such name"), ready: false));
        var port = LoopbackPort.Free();

        var time = new FakeTimeProvider();
        var result = await time.PassUntilAsync(UpAsync(home.Project("shop", WebOn(port)), time: time));

        result.Outcome.ShouldBe(LaunchOutcome.DoesNotWork);
        result.ExitCode.ShouldBe(1);
        result.Findings.ShouldHaveSingleItem().Code.ShouldBe(FindingCode.ImageNameInvalid);
        result.Ports.ShouldHaveSingleItem().LocalPort.ShouldBe(port);
        LoopbackPort.IsOpen(port).ShouldBeTrue();
    }

    [Fact]
    public async Task A_name_that_another_folder_has_is_refused_before_anything_is_touched()
    {
        await UpAsync(home.Project("shop", Settings));
        home.Runtime.Calls.Clear();

        var error = await Should.ThrowAsync<LaunchException>(UpAsync(home.Project("copy/shop", Settings)));

        error.Code.ShouldBe(LaunchError.NameTaken);
        error.Hint!.ShouldContain("--name");
        home.Runtime.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_project_is_not_launched_into_a_second_namespace_while_the_first_runs()
    {
        var source = home.Project("shop", Settings);
        await UpAsync(source);

        var error = await Should.ThrowAsync<LaunchException>(UpAsync(source, o => o with { Namespace = "elsewhere" }));

        error.Message.ShouldContain("in the namespace shop");
        home.Records.Find("shop")!.Namespace.ShouldBe("shop");
    }

    [Fact]
    public async Task The_second_of_two_launches_waits_for_the_first()
    {
        var source = home.Project("shop", Settings);
        var first = FileLock.TryAcquire(Path.Combine(home.Paths.State, "locks", "shop.lock"), "launching shop");
        var second = UpAsync(source);
        await Harmony.Testing.Eventually.Async(() => home.Observer.Lines.Any(l => l.Contains("waiting for that to end", StringComparison.Ordinal)));
        home.Runtime.Calls.ShouldBeEmpty();

        first!.Dispose();

        (await second).Outcome.ShouldBe(LaunchOutcome.Works);
    }

    [Fact]
    public async Task A_launch_that_another_one_holds_up_for_too_long_says_so()
    {
        var time = new FakeTimeProvider();
        using var first = FileLock.TryAcquire(Path.Combine(home.Paths.State, "locks", "shop.lock"), "launching shop");

        var error = await Should.ThrowAsync<LockException>(time.PassUntilAsync(UpAsync(home.Project("shop", Settings), time: time), 1000));

        error.ExitCode.ShouldBe(4);
    }

    [Theory]
    [InlineData("create", "Namespace")]
    [InlineData("apply", "ConfigMap")]
    public async Task Whatever_fails_later_the_record_is_there_to_take_it_down(string verb, string kind)
    {
        home.Cluster.Refusal = (v, k, _) => v == verb && k == kind ? new(KubernetesError.Failed, "no") : null;

        await Should.ThrowAsync<Platform.HarmonyException>(UpAsync(home.Project("shop", Settings)));

        home.Records.Find("shop")!.Kubeconfig.ShouldBe(home.Kubeconfig);
        home.Records.Find("shop")!.Objects.ShouldBe(0);
    }

    [Fact]
    public async Task A_taken_port_is_named_with_its_holder_before_the_wait()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var error = await Should.ThrowAsync<LaunchException>(UpAsync(home.Project("shop", WebOn(port))));

        error.Code.ShouldBe(LaunchError.PortTaken);
        error.ExitCode.ShouldBe(3);
        error.Message.ShouldContain($"Port {port} for web is taken by ");
        error.Hint!.ShouldContain("--any-port");
        home.Observer.Lines.ShouldNotContain("Wait starts");
    }

    [Fact]
    public async Task Without_waiting_it_is_applied()
    {
        var result = await UpAsync(home.Project("shop", Settings), o => o with { Wait = false });

        result.Outcome.ShouldBe(LaunchOutcome.Applied);
        home.Observer.Lines.ShouldNotContain("Wait starts");
    }

    [Fact]
    public async Task An_interrupted_launch_goes_on_with_the_same_command()
    {
        var source = home.Project("shop", WebOn(LoopbackPort.Free()));
        using var interruption = new CancellationTokenSource();
        var running = home.Launcher().RunAsync(new() { Source = source }, home.Observer, interruption.Token);
        await Harmony.Testing.Eventually.Async(() => home.Observer.Workloads.Count == 1);
        await interruption.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);

        EverythingWorks();
        home.Cluster.Remove(Trees.Deployments, "shop", "web");
        home.Cluster.Remove(new("", "v1", "Service"), "shop", "web");

        (await UpAsync(source)).Outcome.ShouldBe(LaunchOutcome.Works);
    }
}
