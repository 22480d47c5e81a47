using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.BadDays;

public sealed class AtOnceTests
{
    [Fact]
    public async Task Two_launches_of_one_project_at_once_both_end_well()
    {
        await using var home = new HarmonyHome();

        var launches = await Task.WhenAll(home.UpAsync(Repository.Example("hello")), home.UpAsync(Repository.Example("hello")));

        launches.Select(l => l["objects"]!["created"]!.GetValue<int>()).Order().ShouldBe([0, 2]);
        launches[0]["ports"]!.ToJsonString().ShouldBe(launches[1]["ports"]!.ToJsonString());
    }

    [Fact]
    public async Task Two_projects_at_once_share_one_runtime()
    {
        await using var home = new HarmonyHome();
        string[] names = ["one", "two", "three"];

        var launches = await Task.WhenAll(names.Select(n => home.UpAsync(home.CopyOf("hello", n))));

        launches.Select(l => l["ports"]![0]!["localPort"]!.GetValue<int>()).Distinct().Count().ShouldBe(3);
        foreach (var launch in launches)
        {
            (await Web.GetAsync(launch["ports"]![0]!["location"]!.GetValue<string>())).ShouldContain("Hello");
        }

        (await home.RunAsync("status", "-o", "json")).Ends(0).Json["projects"]!.AsArray().Count.ShouldBe(3);
        Leftovers.Own(home.Path).Count(p => Leftovers.CommandLine(p).Contains(" embedded serve", StringComparison.Ordinal)).ShouldBe(1);
        await Task.WhenAll(names.Select(n => home.RunAsync("down", n)));
        (await home.RunAsync("status", "-o", "json")).Ends(0).Json["projects"]!.AsArray().ShouldBeEmpty();
    }
}
