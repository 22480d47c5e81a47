using System.Text.Json.Nodes;
using Harmony.Conformance.Tests.Cluster;
using Harmony.Kubernetes.Objects;

namespace Harmony.Conformance.Tests.Api;

/// <summary>Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes.</summary>
public sealed class WatchTests(ConformanceCluster cluster)
{
    [Fact]
    public async Task A_watch_from_a_version_tells_every_change_after_it_in_order()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("secrets", """{"metadata":{"name":"before"}}""");
        var version = (await ns.Raw.GetAsync(ns["secrets"])).Body.ResourceVersion;
        var watching = ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion={version}", atMost: 4);
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"x":"1"}}}""");
        await ns.Raw.DeleteAsync(ns["secrets", "a"]);
        await ns.CreateAsync("secrets", """{"metadata":{"name":"b"}}""");

        var events = await watching;

        Told(events).ShouldBe(["ADDED a", "MODIFIED a", "DELETED a", "ADDED b"]);
        events[2]["object"]!["metadata"]!["labels"]!["x"].AsText().ShouldBe("1");
        events[0]["object"]!.AsObject().Kind.ShouldBe("Secret");
        events.Select(e => ulong.Parse(e["object"]!.AsObject().ResourceVersion, System.Globalization.CultureInfo.InvariantCulture)).ShouldBeInOrder();

        var rest = await ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion={events[0]["object"]!.AsObject().ResourceVersion}", atMost: 3);
        Told(rest).ShouldBe(["MODIFIED a", "DELETED a", "ADDED b"]);
    }

    [Fact]
    public async Task A_watch_from_nowhere_begins_with_what_is_there()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"b"}}""");
        Told(await ns.Raw.WatchAsync(ns["secrets"], atMost: 9, seconds: 1)).Order(StringComparer.Ordinal).ShouldBe(["ADDED a", "ADDED b"]);
    }

    [Fact]
    public async Task To_a_selector_what_stops_matching_is_deleted_and_what_begins_to_is_added()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var version = (await ns.Raw.GetAsync(ns["secrets"])).Body.ResourceVersion;
        await ns.CreateAsync("secrets", """{"metadata":{"name":"other"}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"x":"1"}}}""");
        await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"y":"1"}}}""");
        var left = await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"x":null}}}""");

        var events = await ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion={version}&labelSelector=x%3D1", atMost: 3);

        Told(events).ShouldBe(["ADDED a", "MODIFIED a", "DELETED a"]);
        events[2]["object"]!.AsObject().ResourceVersion.ShouldBe(left.ResourceVersion);
    }

    [Fact]
    public async Task One_object_is_watched_by_its_name()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var version = (await ns.Raw.GetAsync(ns["secrets"])).Body.ResourceVersion;
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"b"}}""");
        Told(await ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion={version}&fieldSelector=metadata.name%3Db", atMost: 1)).ShouldBe(["ADDED b"]);
    }

    [Fact]
    public async Task A_streamed_list_ends_with_a_bookmark()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"b"}}""");

        var events = await ns.Raw.WatchAsync($"{ns["secrets"]}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", atMost: 3);

        events.Select(e => e.Text("type")).ShouldBe(["ADDED", "ADDED", "BOOKMARK"]);
        var bookmark = events[2]["object"]!.AsObject();
        bookmark.Annotation("k8s.io/initial-events-end").ShouldBe("true");
        bookmark.Kind.ShouldBe("Secret");
        bookmark.ResourceVersion.ShouldNotBeEmpty();
        (await ns.Raw.GetAsync($"{ns["secrets"]}?watch=true&sendInitialEvents=true")).Refused(422, "Invalid");
    }

    [Fact]
    public async Task A_watch_from_long_ago_misses_nothing_or_says_that_its_version_has_expired()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"x":"1"}}}""");
        var events = await ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion=1", atMost: 2);
        if (events[0].Text("type") == "ERROR")
        {
            events[0].At("object", "code").AsLong().ShouldBe(410);
            events[0].At("object", "reason").AsText().ShouldBe("Expired");
            return;
        }

        Told(events).ShouldBe(["ADDED a", "MODIFIED a"]);
    }

    [Fact]
    public async Task A_watch_ends_at_its_time()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        (await ns.Raw.WatchAsync(ns["secrets"], atMost: 1, seconds: 1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rows_of_a_table_are_watched_and_only_the_first_event_names_the_columns()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        var version = (await ns.Raw.GetAsync(ns["secrets"])).Body.ResourceVersion;
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        await ns.CreateAsync("secrets", """{"metadata":{"name":"b"}}""");
        var events = await ns.Raw.WatchAsync($"{ns["secrets"]}?resourceVersion={version}", atMost: 2, accept: RawApi.Table);
        events.Select(e => e["object"]!.AsObject().Kind).ShouldBe(["Table", "Table"]);
        events.Select(e => e["object"]!["rows"]![0]!["cells"]![0].AsText()).ShouldBe(["a", "b"]);
        events[0].At("object", "columnDefinitions").Items().ShouldNotBeEmpty();
        events[1].At("object", "columnDefinitions").Items().ShouldBeEmpty();
    }

    [Fact]
    public async Task Harmonys_own_watch_tells_the_same()
    {
        await using var ns = await cluster.NewNamespaceAsync();
        await ns.CreateAsync("secrets", """{"metadata":{"name":"a"}}""");
        var told = new List<string>();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(30));
        await foreach (var change in cluster.Api.WatchAsync(new("", "v1", "Secret"), ns.Name, null, bound.Token))
        {
            told.Add($"{change.Type} {change.Object.Name}");
            if (change.Type == Kubernetes.KubernetesEventType.Synced)
            {
                await ns.PatchAsync("secrets", "a", """{"metadata":{"labels":{"x":"1"}}}""");
                await ns.Raw.DeleteAsync(ns["secrets", "a"]);
            }

            if (told.Count == 4)
            {
                break;
            }
        }

        told.ShouldBe(["Added a", "Synced ", "Modified a", "Deleted a"]);
    }

    private static IEnumerable<string> Told(IEnumerable<JsonObject> events) => events.Select(e => $"{e.Text("type")} {e["object"]!.AsObject().Name}");
}
