using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Tests.Fakes;
using Harmony.Projects;
using Harmony.Runtimes;
using Harmony.Runtimes.Selection;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class StartRuntimeTests
{
    private static readonly Project Containers = new()
    {
        Name = "shop",
        Source = "/src/shop",
        Kind = "Kubernetes manifests",
        Objects = [new(Trees.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"web","image":"web"}]}}"""), new("web.yaml", 1))],
    };

    private readonly RecordingObserver observer = new();

    private Task<RuntimeChoice> RunAsync(FakeRuntime runtime, RuntimeRequest? request = null) => new StartRuntime(new RuntimeSelector([runtime], _ => null))
        .RunAsync(new() { Source = "/src/shop", Runtime = request ?? new() }, Containers, observer, TestContext.Current.CancellationToken);

    [Fact]
    public async Task The_chosen_runtime_is_installed_and_started_and_the_reason_is_shown()
    {
        var runtime = new FakeRuntime("k");

        var choice = await RunAsync(runtime);

        choice.Runtime.ShouldBeSameAs(runtime);
        runtime.Calls.ShouldBe(["install", "start"]);
        observer.Lines.ShouldBe(["Runtime starts", "Runtime: fetching it", $"Runtime done: {choice.Reason}"]);
    }

    [Fact]
    public async Task One_that_cannot_run_containers_here_is_refused_before_anything_is_installed()
    {
        var runtime = new FakeRuntime("k") { Checks = [new("NotRoot", "you are not root", "Run it as root.") { Blocks = false, StopsContainers = true }] };

        var error = await Should.ThrowAsync<RuntimeException>(RunAsync(runtime));

        error.ExitCode.ShouldBe(3);
        error.Hint.ShouldBe("Run it as root.");
        runtime.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_named_runtime_that_is_not_there_is_never_replaced_by_another()
    {
        var runtime = new FakeRuntime("k");

        (await Should.ThrowAsync<RuntimeException>(RunAsync(runtime, new() { Named = "nomad" }))).Code.ShouldBe(RuntimeError.Unknown);
        runtime.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_does_not_start_is_an_error_of_its_own()
    {
        var fault = new RuntimeException(RuntimeError.DidNotStart, "it did not start");

        (await Should.ThrowAsync<RuntimeException>(RunAsync(new FakeRuntime("k") { Fault = fault }))).ShouldBeSameAs(fault);
    }
}
