using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Access;

public sealed class ProjectLogsTests
{
    private readonly FakeTimeProvider time = new(FakeLog.At(100));
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();

    public ProjectLogsTests()
    {
        cluster.Put(Trees.Pod("web-1-a", "web", Trees.Running("web-run-1")));
        cluster.Put(Trees.Pod("db-1-a", "db", Trees.Running("db-run-1")));
        cluster.Logs[("web-1-a", "main", false)] = Web;
        cluster.Logs[("db-1-a", "main", false)] = Db;
    }

    private FakeLog Web { get; } = new((1, "web starts"), (5, "web asks"));

    private FakeLog Db { get; } = new((2, "db starts"), (6, "db answers"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<List<string>> ReadAsync(LogQuery query)
    {
        var lines = new List<string>();
        await foreach (var line in new ProjectLogs(cluster, time).ReadAsync("shop", query, Cancellation))
        {
            lines.Add(line.Text);
        }

        return lines;
    }

    [Fact]
    public async Task The_logs_of_all_workloads_are_one_in_order_of_time() => (await ReadAsync(new())).ShouldBe(["web starts", "db starts", "web asks", "db answers"]);

    [Fact]
    public async Task Workloads_are_chosen_by_name_and_by_kind()
    {
        (await ReadAsync(new() { Workloads = ["web"] })).ShouldBe(["web starts", "web asks"]);
        (await ReadAsync(new() { Workloads = ["deployment/db"] })).ShouldBe(["db starts", "db answers"]);
    }

    [Fact]
    public async Task A_workload_that_is_not_there_is_an_error_that_names_those_that_are()
    {
        var error = await Should.ThrowAsync<LaunchException>(ReadAsync(new() { Workloads = ["wbe"] }));

        error.Code.ShouldBe(LaunchError.WorkloadNotFound);
        error.Hint.ShouldBe("There are db, web.");
    }

    [Fact]
    public async Task Only_the_last_and_only_the_younger_lines_are_read_where_asked()
    {
        (await ReadAsync(new() { Tail = 1 })).ShouldBe(["web asks", "db answers"]);
        (await ReadAsync(new() { Since = TimeSpan.FromSeconds(95) })).ShouldBe(["web asks", "db answers"]);
    }

    [Fact]
    public async Task Previous_runs_are_read_where_there_are_any()
    {
        cluster.Logs[("web-1-a", "main", true)] = new((0, "web broke"));

        (await ReadAsync(new() { Previous = true })).ShouldBe(["web broke"]);
    }

    [Fact]
    public async Task Another_containers_name_leaves_nothing() => (await ReadAsync(new() { Container = "sidecar" })).ShouldBeEmpty();

    [Fact]
    public async Task Following_tells_the_past_in_order_then_new_lines_new_pods_and_restarts()
    {
        await using var lines = new ProjectLogs(cluster, time).ReadAsync("shop", new() { Follow = true }, Cancellation).GetAsyncEnumerator(Cancellation);
        (await TakeAsync(lines, 4)).ShouldBe(["web starts", "db starts", "web asks", "db answers"]);

        Web.Write(7, "web goes on");
        (await TakeAsync(lines, 1)).ShouldBe(["web goes on"]);

        cluster.Logs[("web-1-b", "main", false)] = new((8, "another web"));
        cluster.Put(Trees.Pod("web-1-b", "web", Trees.Running("web-run-2")));
        (await TakeAsync(lines, 1)).ShouldBe(["another web"]);

        cluster.Logs[("db-1-a", "main", false)] = new((9, "db starts again"));
        cluster.Put(Trees.Pod("db-1-a", "db", Trees.Running("db-run-2")));
        (await TakeAsync(lines, 1)).ShouldBe(["db starts again"]);
    }

    [Fact]
    public async Task Following_with_a_tail_tells_new_pods_from_their_first_line()
    {
        await using var lines = new ProjectLogs(cluster, time).ReadAsync("shop", new() { Follow = true, Tail = 1 }, Cancellation).GetAsyncEnumerator(Cancellation);
        (await TakeAsync(lines, 2)).ShouldBe(["web asks", "db answers"]);

        cluster.Logs[("web-1-b", "main", false)] = new((8, "one"), (8, "two"));
        cluster.Put(Trees.Pod("web-1-b", "web", Trees.Running("web-run-2")));

        (await TakeAsync(lines, 1)).ShouldBe(["one"]);
    }

    [Fact]
    public async Task A_lost_connection_is_made_again_and_no_line_told_twice()
    {
        await using var lines = new ProjectLogs(cluster, time).ReadAsync("shop", new() { Follow = true, Workloads = ["web"] }, Cancellation).GetAsyncEnumerator(Cancellation);
        await TakeAsync(lines, 2);
        await Harmony.Testing.Eventually.Async(() => Web.Followers == 1);
        Web.Break();
        Web.Write(7, "written meanwhile");

        var next = TakeAsync(lines, 1);

        (await time.PassUntilAsync(next)).ShouldBe(["written meanwhile"]);
    }

    [Fact]
    public async Task A_watch_that_ends_ends_the_following()
    {
        var reading = ReadAsync(new() { Follow = true });
        await Harmony.Testing.Eventually.Async(() => cluster.Watching("Pod") == 1);
        Web.End();
        Db.End();
        cluster.EndWatches("Pod");

        (await reading).Count.ShouldBe(4);
    }

    [Fact]
    public async Task An_interruption_ends_the_following()
    {
        using var interruption = new CancellationTokenSource();
        await using var lines = new ProjectLogs(cluster, time).ReadAsync("shop", new() { Follow = true }, interruption.Token).GetAsyncEnumerator(interruption.Token);
        await TakeAsync(lines, 4);
        await interruption.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(TakeAsync(lines, 1));
        cluster.Watching("Pod").ShouldBe(0);
    }

    private static async Task<List<string>> TakeAsync(IAsyncEnumerator<LogLine> lines, int count)
    {
        var taken = new List<string>();
        while (taken.Count < count && await lines.MoveNextAsync())
        {
            taken.Add(lines.Current.Text);
        }

        return taken;
    }
}
