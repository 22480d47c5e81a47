using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class PrepareNamespaceTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly RecordingObserver observer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task RunAsync(CancellationToken cancellation) => new PrepareNamespace(time).RunAsync(cluster, "shop", "shop", observer, cancellation);

    [Fact]
    public async Task A_new_namespace_is_labelled_as_harmonys()
    {
        await RunAsync(Cancellation);

        cluster.Find("Namespace", "shop")!.Label(HarmonyLabels.ManagedBy).ShouldBe("harmony");
        observer.Lines.ShouldContain("Namespace done: shop created");
    }

    [Fact]
    public async Task A_namespace_that_is_there_is_taken_as_it_is()
    {
        cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"""));

        await RunAsync(Cancellation);

        cluster.Find("Namespace", "shop")!.Labels.ShouldBeEmpty("only what harmony made bears its label, and may be deleted");
        observer.Lines.ShouldContain("Namespace done: shop");
    }

    [Fact]
    public async Task A_namespace_that_is_ending_is_waited_for_and_made_anew()
    {
        cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","deletionTimestamp":"2024-01-01T00:00:00Z"}}"""));
        var running = RunAsync(Cancellation);
        time.Advance(TimeSpan.FromSeconds(1));
        cluster.Remove(new("", "v1", "Namespace"), null, "shop");

        await time.PassUntilAsync(running);

        cluster.Find("Namespace", "shop")!.IsBeingDeleted.ShouldBeFalse();
        observer.Lines.Count(l => l.Contains("waiting for the end", StringComparison.Ordinal)).ShouldBe(1, "a plain log is not to be flooded");
    }

    [Fact]
    public async Task A_namespace_that_never_ends_is_an_error_that_says_how_to_look()
    {
        cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","deletionTimestamp":"2024-01-01T00:00:00Z"}}"""));

        var error = await Should.ThrowAsync<LaunchException>(time.PassUntilAsync(RunAsync(Cancellation), 1000));

        error.Code.ShouldBe(LaunchError.NamespaceEnding);
        error.ExitCode.ShouldBe(4);
        error.Hint!.ShouldContain("kubectl get namespace shop");
    }

    [Fact]
    public async Task Somebody_who_makes_it_at_the_same_moment_is_no_error()
    {
        cluster.Refusal = (verb, _, _) =>
        {
            if (verb == "create" && cluster.Find("Namespace", "shop") is null)
            {
                cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"""));
            }

            return null;
        };

        await time.PassUntilAsync(RunAsync(Cancellation));

        observer.Lines.ShouldContain("Namespace done: shop");
    }

    [Fact]
    public async Task A_refusal_is_handed_on()
    {
        cluster.Refusal = (verb, _, _) => verb == "create" ? new(KubernetesError.Forbidden, "may not create namespaces") : null;

        (await Should.ThrowAsync<KubernetesException>(RunAsync(Cancellation))).Code.ShouldBe(KubernetesError.Forbidden);
    }

    [Fact]
    public async Task An_interruption_ends_the_wait()
    {
        cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","deletionTimestamp":"2024-01-01T00:00:00Z"}}"""));
        using var interruption = new CancellationTokenSource();
        var running = RunAsync(interruption.Token);
        await interruption.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
    }
}
