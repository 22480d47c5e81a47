using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Storage;

public sealed class ObjectStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("harmony-store-").FullName;

    private string Database => Path.Combine(folder, "state.db");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_write_counts_only_if_the_object_is_as_the_writer_saw_it()
    {
        await using var store = ObjectStore.Open(Database);
        var key = new ObjectKey("configmaps", "ns", "m");
        var first = await store.CommitAsync(key, 0, Named("m", 1), Cancellation);
        first.Committed.ShouldBeTrue();
        (await store.CommitAsync(key, 0, Named("m", 2), Cancellation)).Committed.ShouldBeFalse();
        var second = await store.CommitAsync(key, first.Object!.Revision, Named("m", 2), Cancellation);
        second.Committed.ShouldBeTrue();
        (await store.CommitAsync(key, first.Object.Revision, null, Cancellation)).Committed.ShouldBeFalse();
        store.Get(key)!.ToTree()["n"].AsInt().ShouldBe(2);
    }

    [Fact]
    public async Task Of_many_writers_at_once_each_writes_once_and_lists_stay_in_order()
    {
        await using var store = ObjectStore.Open(Database);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => store.CommitAsync(new("configmaps", "ns", $"m{i:000}"), 0, Named($"m{i:000}", i), Cancellation)));
        var (objects, revision) = store.List("configmaps", "ns");
        objects.Select(o => o.Key.Name).ShouldBe(Enumerable.Range(0, 500).Select(i => $"m{i:000}"));
        objects.Max(o => o.Revision).ShouldBe(revision);
        objects.Select(o => o.Revision).Distinct().Count().ShouldBe(500);
    }

    [Fact]
    public async Task A_subscription_from_a_revision_sees_every_change_after_it_in_order()
    {
        await using var store = ObjectStore.Open(Database);
        var key = new ObjectKey("configmaps", "ns", "m");
        var first = await store.CommitAsync(key, 0, Named("m", 1), Cancellation);
        var second = await store.CommitAsync(key, first.Object!.Revision, Named("m", 2), Cancellation);
        await store.CommitAsync(key, second.Object!.Revision, null, Cancellation);
        using var changes = store.SubscribeAfter("configmaps", first.Object.Revision, out _)!;
        changes.TryTake(out var modified).ShouldBeTrue();
        changes.TryTake(out var deleted).ShouldBeTrue();
        changes.TryTake(out _).ShouldBeFalse();
        modified!.Type.ShouldBe(WatchEventType.Modified);
        deleted!.Type.ShouldBe(WatchEventType.Deleted);
        deleted.Object.ToTree()["n"].AsInt().ShouldBe(2);
    }

    [Fact]
    public async Task A_subscription_from_a_forgotten_revision_is_refused()
    {
        await using var store = ObjectStore.Open(Database);
        var key = new ObjectKey("configmaps", "ns", "m");
        long revision = 0;
        for (var i = 0; i < ResourceTable.HistoryLength + 10; i++)
        {
            revision = (await store.CommitAsync(key, revision, Named("m", i), Cancellation)).Object!.Revision;
        }

        store.SubscribeAfter("configmaps", 1, out var oldest).ShouldBeNull();
        oldest.ShouldBeGreaterThan(1);
        store.SubscribeAfter("configmaps", oldest, out _)!.Dispose();
    }

    [Fact]
    public async Task A_slow_consumer_misses_no_last_version_and_no_deletion()
    {
        await using var store = ObjectStore.Open(Database);
        var (_, _, changes) = store.Subscribe("configmaps", null, coalesce: true);
        using var subscription = changes;
        var key = new ObjectKey("configmaps", "ns", "m");
        long revision = 0;
        for (var i = 0; i < 100; i++)
        {
            revision = (await store.CommitAsync(key, revision, Named("m", i), Cancellation)).Object!.Revision;
        }

        await store.CommitAsync(key, revision, null, Cancellation);
        var seen = new List<StoredChange>();
        while (changes.TryTake(out var change))
        {
            seen.Add(change!);
        }

        seen.Count.ShouldBeLessThan(5);
        seen[^2].Object.ToTree()["n"].AsInt().ShouldBe(99);
        seen[^1].Type.ShouldBe(WatchEventType.Deleted);
    }

    [Fact]
    public async Task What_was_written_is_there_again_without_a_clean_end()
    {
        var store = ObjectStore.Open(Database);
        await store.CommitAsync(new("configmaps", "ns", "m"), 0, Named("m", 7), Cancellation);

        // As a kill leaves them: the files as they are, nothing closed.
        var copy = Path.Combine(folder, "copy");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(folder))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        await store.DisposeAsync();
        await using var again = ObjectStore.Open(Path.Combine(copy, "state.db"));
        again.Get(new("configmaps", "ns", "m"))!.ToTree()["n"].AsInt().ShouldBe(7);
    }

    [Fact]
    public async Task A_damaged_database_is_refused_and_left_as_it_is()
    {
        await File.WriteAllTextAsync(Database, string.Concat(Enumerable.Repeat("this is no database. ", 500)), Cancellation);
        var before = await File.ReadAllBytesAsync(Database, Cancellation);
        var error = Should.Throw<EmbeddedException>(() => ObjectStore.Open(Database));
        error.Code.ShouldBe(EmbeddedError.DatabaseDamaged);
        error.Hint.ShouldNotBeNull();
        (await File.ReadAllBytesAsync(Database, Cancellation)).ShouldBe(before);
    }

    private static JsonObject Named(string name, int number) => new() { ["metadata"] = new JsonObject { ["name"] = name }, ["n"] = number };
}
