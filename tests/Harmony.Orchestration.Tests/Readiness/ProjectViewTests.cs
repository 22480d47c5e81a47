using Harmony.Kubernetes;
using Harmony.Orchestration.Readiness;
using Harmony.Orchestration.Tests.Fakes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Tests.Readiness;

public sealed class ProjectViewTests : IAsyncDisposable
{
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();
    private readonly IAsyncEnumerator<ProjectSnapshot> snapshots;

    public ProjectViewTests()
    {
        cluster.PutWorking("web");
        snapshots = new ProjectView(cluster, ["shop"], [Trees.Deployments]).SnapshotsAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => snapshots.DisposeAsync();

    /// <summary>The first snapshot of which this is true.</summary>
    private async Task<ProjectSnapshot> NextAsync(Func<ProjectSnapshot, bool> condition)
    {
        do
        {
            (await snapshots.MoveNextAsync()).ShouldBeTrue();
        }
        while (!condition(snapshots.Current));

        return snapshots.Current;
    }

    [Fact]
    public async Task The_first_snapshot_has_everything_that_is_there()
    {
        var first = await NextAsync(_ => true);

        first.Pods.ShouldHaveSingleItem().Name.ShouldBe("web-1-a");
        first.OfKind("apps", "Deployment").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_second_Synced_of_one_watch_does_not_stand_for_another()
    {
        await NextAsync(_ => true);
        cluster.SyncAgain("Pod");
        cluster.Put(Trees.Pod("web-1-b", "web"));

        (await NextAsync(s => s.Pods.Count() == 2)).OfKind("apps", "Deployment").ShouldHaveSingleItem("nothing known is forgotten");
    }

    [Fact]
    public async Task What_is_deleted_is_gone_from_the_next_snapshot_and_stays_in_the_former()
    {
        var first = await NextAsync(_ => true);
        cluster.Remove(Trees.Pods, "shop", "web-1-a");

        (await NextAsync(s => !s.Pods.Any())).ShouldNotBeSameAs(first);
        first.Pods.ShouldHaveSingleItem("a snapshot never changes");
    }

    [Fact]
    public async Task A_slow_consumer_gets_the_latest_state_not_every_step()
    {
        await NextAsync(_ => true);
        for (var i = 0; i < 3000; i++)
        {
            cluster.Put(Trees.Pod($"web-1-{i % 50}", "web"));
        }

        var taken = 0;
        await NextAsync(s => ++taken > 0 && s.Pods.Count() == 51);
        taken.ShouldBeLessThan(3000);
    }

    [Fact]
    public async Task A_watch_that_the_server_ends_ends_the_view_with_an_error()
    {
        await NextAsync(_ => true);
        cluster.EndWatches("EndpointSlice");

        (await Should.ThrowAsync<KubernetesException>(NextAsync(_ => false))).Message.ShouldContain("EndpointSlice");
        cluster.Watching("Pod").ShouldBe(0, "an ended view leaves no watch behind");
    }
}
