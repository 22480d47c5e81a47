using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Tests.Watch;

public sealed class WatchTests : IAsyncDisposable
{
    private static readonly GroupVersionKind ConfigMap = new("", "v1", "ConfigMap");
    private readonly CancellationTokenSource bound = new(TimeSpan.FromSeconds(30));

    [Fact]
    public async Task First_comes_what_is_there_then_that_it_was_all_then_every_change()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "a"));
        await using var events = Watch(server);
        (await NextAsync(events)).ShouldBe("Added a");
        (await NextAsync(events)).ShouldBe("Synced ");
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "b"));
        (await NextAsync(events)).ShouldBe("Added b");
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "b"));
        (await NextAsync(events)).ShouldBe("Modified b");
        server.Remove("ConfigMap", "a");
        (await NextAsync(events)).ShouldBe("Deleted a");
    }

    [Fact]
    public async Task After_an_expired_version_the_difference_is_told()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "a"));
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "stays"));
        await using var events = Watch(server);
        await NextAsync(events);
        await NextAsync(events);
        (await NextAsync(events)).ShouldBe("Synced ");
        server.BreakWatches();
        server.Remove("ConfigMap", "a");
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "b"));
        server.Compact();
        string[] seen = [await NextAsync(events), await NextAsync(events)];
        seen.Order().ShouldBe(["Added b", "Deleted a"]);
    }

    [Fact]
    public async Task A_restarted_server_is_found_again()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "a"));
        await using var events = Watch(server);
        await NextAsync(events);
        (await NextAsync(events)).ShouldBe("Synced ");
        await server.RestartAsync(() =>
        {
            server.Remove("ConfigMap", "a");
            server.Put(KubernetesApiTests.Object("v1", "ConfigMap", "shop", "b"));
            server.Compact();
            return Task.CompletedTask;
        });
        string[] seen = [await NextAsync(events), await NextAsync(events)];
        seen.Order().ShouldBe(["Added b", "Deleted a"]);
    }

    [Fact]
    public async Task A_kind_that_is_not_served_fails_at_once()
    {
        await using var server = await FakeApiServer.StartAsync();
        await using var events = server.Api.WatchAsync(new("example.com", "v1", "Widget"), null, null, bound.Token).GetAsyncEnumerator();
        (await Should.ThrowAsync<KubernetesException>(async () => await events.MoveNextAsync())).Code.ShouldBe(KubernetesError.UnknownKind);
    }

    public ValueTask DisposeAsync()
    {
        bound.Dispose();
        return ValueTask.CompletedTask;
    }

    private IAsyncEnumerator<KubernetesEvent> Watch(FakeApiServer server) => server.Api.WatchAsync(ConfigMap, "shop", null, bound.Token).GetAsyncEnumerator();

    private static async Task<string> NextAsync(IAsyncEnumerator<KubernetesEvent> events)
    {
        (await events.MoveNextAsync()).ShouldBeTrue();
        return $"{events.Current.Type} {events.Current.Object.Name}";
    }
}
