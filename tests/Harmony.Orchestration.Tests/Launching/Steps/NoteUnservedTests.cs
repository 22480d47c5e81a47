using Harmony.Orchestration.Launching.Steps;
using Harmony.Orchestration.Readiness;
using Harmony.Orchestration.Tests.Fakes;

namespace Harmony.Orchestration.Tests.Launching.Steps;

public sealed class NoteUnservedTests
{
    private static readonly Dictionary<string, string> Unserved = new() { ["Ingress.networking.k8s.io"] = "nothing serves it", ["NetworkPolicy.networking.k8s.io"] = "nothing enforces it" };
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly RecordingObserver observer = new();

    private Task RunAsync(params ObjectId[] applied) => new NoteUnserved().RunAsync(cluster, "embedded", Unserved, applied, observer, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Each_kind_that_nothing_acts_on_is_told_in_one_line()
    {
        await RunAsync(
            new("", "Service", "shop", "web"), Policy("d"), Policy("a"), Policy("c"), Policy("b"), new("networking.k8s.io", "Ingress", "shop", "web"));

        observer.Lines.Count.ShouldBe(2);
        observer.Lines.ShouldContain(l => l.Contains("NetworkPolicy a, b, c and 1 more: the runtime embedded takes it, but nothing enforces it"));
        observer.Lines.ShouldContain(l => l.Contains("Ingress web: the runtime embedded takes it, but nothing serves it"));
    }

    [Fact]
    public async Task A_project_that_brings_an_ingress_controller_is_served()
    {
        cluster.Put(Trees.Parse("""{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"nginx"}}"""));

        await RunAsync(new ObjectId("networking.k8s.io", "Ingress", "shop", "web"));

        observer.Lines.ShouldBeEmpty();
    }

    private static ObjectId Policy(string name) => new("networking.k8s.io", "NetworkPolicy", "shop", name);
}
