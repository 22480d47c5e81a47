using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Deployment;

public sealed class ProjectRemovalTests : IAsyncLifetime
{
    private const string Settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n";
    private const string Claim = """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data-db-0","namespace":"shop"} }""";
    private readonly FakeHome home = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<ProjectRecord> LaunchedAsync(string name, string? ns = null)
    {
        await home.Launcher().RunAsync(new() { Source = home.Project(name, Settings.Replace("settings", $"settings-{name}", StringComparison.Ordinal)), Namespace = ns }, home.Observer, Cancellation);
        return home.Records.Find(name)!;
    }

    private Task<RemovalResult> DownAsync(ProjectRecord record, bool volumes = false, TimeProvider? time = null) =>
        home.Removal(time).RunAsync(record, volumes, TimeSpan.FromMinutes(2), _ => { }, Cancellation);

    [Fact]
    public async Task Its_objects_its_namespace_and_its_record_go()
    {
        var result = await DownAsync(await LaunchedAsync("shop"));

        result.ShouldBe(new(1, 0));
        home.Cluster.Find("ConfigMap", "settings-shop").ShouldBeNull();
        home.Cluster.Find("Namespace", "shop").ShouldBeNull();
        home.Records.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_namespace_that_harmony_did_not_make_stays()
    {
        home.Cluster.Put(Trees.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"} }"""));

        await DownAsync(await LaunchedAsync("shop"));

        home.Cluster.Find("Namespace", "shop").ShouldNotBeNull();
        home.Cluster.Find("ConfigMap", "settings-shop").ShouldBeNull();
    }

    [Fact]
    public async Task A_namespace_that_another_project_is_in_stays_until_that_goes_too()
    {
        var first = await LaunchedAsync("shop");
        var second = await LaunchedAsync("stock", ns: "shop");

        await DownAsync(first);
        home.Cluster.Find("ConfigMap", "settings-stock").ShouldNotBeNull();

        await DownAsync(second);
        home.Cluster.Find("Namespace", "shop").ShouldBeNull();
    }

    [Fact]
    public async Task Volumes_are_kept_with_their_namespace_unless_asked()
    {
        var record = await LaunchedAsync("shop");
        home.Cluster.Put(Trees.Parse(Claim));

        (await DownAsync(record)).VolumesKept.ShouldBe(1);

        home.Cluster.Find("PersistentVolumeClaim", "data-db-0").ShouldNotBeNull();
        home.Records.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task With_volumes_all_data_goes()
    {
        var record = await LaunchedAsync("shop");
        home.Cluster.Put(Trees.Parse(Claim));

        (await DownAsync(record, volumes: true)).VolumesKept.ShouldBe(0);

        home.Cluster.Find("PersistentVolumeClaim", "data-db-0").ShouldBeNull();
    }

    [Fact]
    public async Task A_stopped_runtime_is_started_for_nothing_could_be_removed_from_it()
    {
        var record = await LaunchedAsync("shop");
        home.Runtime.State = Runtimes.RuntimeState.Stopped;
        home.Runtime.Calls.Clear();

        await DownAsync(record);

        home.Runtime.Calls.ShouldBe(["start"]);
    }

    [Fact]
    public async Task What_does_not_end_in_time_is_said_and_can_be_gone_on_with()
    {
        var record = await LaunchedAsync("shop");
        home.Cluster.Held["shop"] = true;
        var time = new FakeTimeProvider();

        var error = await Should.ThrowAsync<LaunchException>(time.PassUntilAsync(DownAsync(record, time: time), 1000));

        error.Code.ShouldBe(LaunchError.StillEnding);
        error.ExitCode.ShouldBe(4);
        home.Records.Find("shop").ShouldNotBeNull("the same command goes on");
    }

    [Fact]
    public async Task What_another_removal_took_down_is_not_brought_back()
    {
        var record = await LaunchedAsync("shop");
        await DownAsync(record);
        home.Runtime.Calls.Clear();

        (await DownAsync(record)).ShouldBe(new(0, 0));

        home.Records.All.ShouldBeEmpty();
        home.Runtime.Calls.ShouldBeEmpty();
    }
}
