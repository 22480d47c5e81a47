using System.Net;
using System.Text.Json.Nodes;
using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.Shop;

/// <summary>What a user sees of a running project of five workloads.</summary>
public sealed class ShopTests(ShopProject shop) : IClassFixture<ShopProject>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_and_what_it_asks_of_the_api_answer()
    {
        ContainerMachine.Need();
        (await Web.GetAsync(shop.Address)).ShouldContain("<title>Shop</title>");

        var products = JsonNode.Parse(await Web.GetAsync(shop.Address + "/api/products"))!.AsObject();

        products.Select(p => p.Key).Order(StringComparer.Ordinal).ShouldBe(["apple", "bread", "cheese"]);
    }

    [Fact]
    public async Task An_order_goes_through_api_store_and_worker()
    {
        ContainerMachine.Need();
        var shipped = await ShippedAsync();

        (await Web.PostAsync(shop.Address + "/api/orders", """{"product":"bread"}""")).Status.ShouldBe(HttpStatusCode.Accepted);

        await Wait.ForAsync(ShippedAsync, now => now > shipped, Cancellation);
        (await Wait.ForAsync(() => shop.Home.RunAsync("logs", "worker", "-p", "shop"), o => o.Output.Contains("shipped bread", StringComparison.Ordinal), Cancellation)).Ends(0);

        async Task<int> ShippedAsync() => JsonNode.Parse(await Web.GetAsync(shop.Address + "/api/orders"))!["shipped"]!.GetValue<int>();
    }

    [Fact]
    public void Every_workload_is_ready_and_the_job_done()
    {
        ContainerMachine.Need();

        var stages = shop.Launch["workloads"]!.AsArray().ToDictionary(w => $"{w!["kind"]}/{w["name"]}", w => w!["stage"]!.GetValue<string>(), StringComparer.Ordinal);

        stages.ShouldBe(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Deployment/api"] = "Ready",
            ["Job/prepare"] = "Completed",
            ["StatefulSet/store"] = "Ready",
            ["Deployment/web"] = "Ready",
            ["Deployment/worker"] = "Ready",
        }, ignoreOrder: true);
        shop.Launch["ports"]!.AsArray().ShouldHaveSingleItem()!["service"]!.GetValue<string>().ShouldBe("web");
    }

    [Fact]
    public async Task Logs_are_merged_by_time_and_say_whose_each_line_is()
    {
        ContainerMachine.Need();

        var lines = (await shop.Home.RunAsync("logs", "-p", "shop", "-o", "json")).Ends(0).Lines.Select(l => JsonNode.Parse(l)!).ToList();

        lines.Select(l => l["time"]!.GetValue<DateTimeOffset>()).ShouldBeInOrder();
        lines.Select(l => l["workload"]!.GetValue<string>()).Distinct().ShouldBeSubsetOf(["api", "prepare", "store", "web", "worker"]);
        lines.ShouldContain(l => l["workload"]!.GetValue<string>() == "api" && l["text"]!.GetValue<string>() == "api: listening on port 8000");
        lines.ShouldContain(l => l["workload"]!.GetValue<string>() == "store" && l["container"]!.GetValue<string>() == "redis");
        lines[0].AsObject().Select(p => p.Key).ShouldBe(["time", "workload", "pod", "container", "text"]);
        (await shop.Home.RunAsync("logs", "deployment/api", "-p", "shop", "--tail", "1")).Ends(0).Lines.ShouldAllBe(l => l.StartsWith("api", StringComparison.Ordinal) && l.Contains(" | ", StringComparison.Ordinal));
        (await shop.Home.RunAsync("logs", "worker", "-p", "shop", "--no-prefix")).Ends(0).Lines.ShouldContain("worker: waiting for orders");
    }

    [Fact]
    public async Task Followed_logs_go_on_until_interrupted()
    {
        ContainerMachine.Need();
        await using var follow = shop.Home.Start("logs", "-f", "web", "-p", "shop");
        var page = $"/page-{Guid.NewGuid():N}";

        await Wait.ForAsync(async () =>
        {
            await Web.AnswersAsync(shop.Address + page);
            return follow.Output;
        }, output => output.Contains(page, StringComparison.Ordinal), Cancellation);
        follow.Interrupt();

        (await follow.EndAsync(TimeSpan.FromSeconds(20), Cancellation)).Ends(130);
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    public async Task Exec_has_the_exit_code_of_its_command(string script, int exitCode)
    {
        ContainerMachine.Need();
        (await shop.Home.RunAsync("exec", "web", "-p", "shop", "--", "sh", "-c", script)).Ends(exitCode);
    }

    [Fact]
    public async Task Exec_gives_the_command_what_it_is_given_and_keeps_the_streams_apart()
    {
        ContainerMachine.Need();
        var much = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));

        var outcome = (await shop.Home.RunWithInputAsync(much, "exec", "-i", "web", "-p", "shop", "--", "sh", "-c", "echo problem >&2; cat")).Ends(0);

        outcome.Output.ShouldBe(much);
        outcome.Error.ShouldBe("problem\n");
        (await shop.Home.RunAsync("exec", "store", "-p", "shop", "--", "redis-cli", "GET", "prepared")).Ends(0).Output.ShouldBe("yes\n");
    }

    [Fact]
    public async Task Exec_says_what_is_not_there()
    {
        ContainerMachine.Need();
        (await shop.Home.RunAsync("exec", "nobody", "-p", "shop", "--", "true")).Ends(2).Error.ShouldContain("nobody");

        var absent = await shop.Home.RunAsync("exec", "web", "-p", "shop", "--", "no-such-program");

        absent.ExitCode.ShouldBeOneOf(126, 127);
        absent.Error.ShouldContain("no-such-program");
    }

    [Fact]
    public async Task Status_knows_every_workload()
    {
        ContainerMachine.Need();
        var status = (await shop.Home.RunAsync("status", "shop", "-o", "json")).Ends(0).Json["projects"]![0]!;

        status["works"]!.GetValue<bool>().ShouldBeTrue();
        status["workloads"]!.AsArray().Select(w => w!["name"]!.GetValue<string>()).Order(StringComparer.Ordinal).ShouldBe(["api", "prepare", "store", "web", "worker"]);
        status["findings"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Launching_again_changes_nothing()
    {
        ContainerMachine.Need();

        var again = await shop.Home.UpAsync(shop.Folder);

        again["objects"]!.ToJsonString().ShouldBe($$"""{"created":0,"configured":0,"unchanged":{{shop.Launch["objects"]!["created"]}},"replaced":0,"removed":0}""");
        ShopProject.AddressOf(again).ShouldBe(shop.Address);
    }

    [Fact]
    public async Task The_published_port_finds_the_pod_that_replaces_another()
    {
        ContainerMachine.Need();
        var pod = await WebPodAsync();

        await DeleteAsync(pod);

        // The old pod may answer until its end; after it the new one must, on the same address.
        await Wait.ForAsync(WebPodAsync, now => now.Length > 0 && now != pod, Cancellation);
        (await Web.GetAsync(shop.Address)).ShouldContain("<title>Shop</title>");
        await Wait.ForAsync(() => shop.Home.RunAsync("status", "shop"), o => o.ExitCode == 0, Cancellation);

        async Task<string> WebPodAsync()
        {
            var outcome = await shop.Home.RunAsync("exec", "web", "-p", "shop", "--", "hostname");
            return outcome.ExitCode == 0 ? outcome.Output.Trim() : "";
        }

        async Task DeleteAsync(string name)
        {
            using var api = new ClusterApi(shop.Home.Kubeconfig);
            await api.DeleteAsync($"/api/v1/namespaces/shop/pods/{name}", Cancellation);
        }
    }
}
