using Harmony.EndToEnd.Tests.Machine;

namespace Harmony.EndToEnd.Tests.CommandLine;

/// <summary>What needs no runtime.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task The_version_is_said_alike_everywhere()
    {
        await using var home = new HarmonyHome();
        var version = (await home.RunAsync("--version")).Ends(0).Output.Trim();

        version.ShouldMatch(@"^\d+\.\d+\.\d+$");
        (await home.RunAsync("version")).Ends(0).Output.ShouldStartWith($"harmony {version} (");
        (await home.RunAsync("version", "-o", "json")).Ends(0).Json["harmony"]!.GetValue<string>().ShouldBe(version);
        Directory.EnumerateFileSystemEntries(home.Path).ShouldBeEmpty("asking for the version leaves nothing behind");
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("up --timeout soon")]
    [InlineData("up --publish web")]
    [InlineData("up --bogus")]
    [InlineData("logs -o yaml")]
    [InlineData("exec")]
    [InlineData("completion tcsh")]
    [InlineData("down nothing-of-this-name")]
    [InlineData("up no-such-folder")]
    [InlineData("up . --runtime k9s")]
    public async Task Wrong_usage_ends_with_2_and_says_what_is_wrong(string arguments)
    {
        await using var home = new HarmonyHome();

        var outcome = (await home.RunAsync(arguments.Split(' '))).Ends(2);

        outcome.Output.ShouldBe("");
        outcome.Error.ShouldStartWith("error: ");
    }

    [Theory]
    [InlineData("bash", "bash")]
    [InlineData("zsh", "zsh")]
    [InlineData("fish", "fish")]
    public async Task The_completion_script_is_one_that_the_shell_takes(string shell, string program)
    {
        await using var home = new HarmonyHome();
        var script = Path.Combine(home.Projects, "script");
        await File.WriteAllTextAsync(script, (await home.RunAsync("completion", shell)).Ends(0).Output, TestContext.Current.CancellationToken);
        Assert.SkipUnless(File.Exists($"/usr/bin/{program}"), $"{program} is not installed");

        await using var check = home.StartOther($"/usr/bin/{program}", ["-n", script]);

        (await check.EndAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Ends(0).Error.ShouldBe("");
    }

    [Fact]
    public async Task Completion_knows_the_commands()
    {
        await using var home = new HarmonyHome();

        (await home.RunAsync("[suggest:9]", "harmony ru")).Ends(0).Lines.ShouldContain("runtime");
    }

    [Fact]
    public async Task Errors_are_data_too_where_json_is_asked_for()
    {
        await using var home = new HarmonyHome();

        var error = (await home.RunAsync("up", "no-such-folder", "-o", "json")).Ends(2).Json["error"]!.AsObject();

        error.Select(e => e.Key).ShouldBe(["code", "message", "hint", "causes"]);
        error["message"]!.GetValue<string>().ShouldContain("no-such-folder");
    }

    [Fact]
    public async Task Render_prints_objects_that_are_manifests_again()
    {
        await using var home = new HarmonyHome();
        var yaml = (await home.RunAsync("render", Repository.Example("hello"))).Ends(0).Output;
        var copy = home.Project("copy", ("hello.yaml", yaml));

        var json = (await home.RunAsync("render", copy, "-o", "json")).Ends(0).Json;

        json["kind"]!.GetValue<string>().ShouldBe("List");
        json["items"]!.AsArray().Select(i => i!["kind"]!.GetValue<string>()).Order(StringComparer.Ordinal).ShouldBe(["Deployment", "Service"]);
        json.ToJsonString().ShouldBe((await home.RunAsync("render", Repository.Example("hello"), "-o", "json")).Ends(0).Json.ToJsonString());
    }

    [Fact]
    public async Task A_project_that_is_not_launched_has_no_status_yet()
    {
        await using var home = new HarmonyHome();

        (await home.RunAsync("status")).Ends(0).Error.ShouldContain("No project is launched");
        (await home.RunAsync("status", "-o", "json")).Ends(0).Json["projects"]!.AsArray().ShouldBeEmpty();
        (await home.RunAsync("runtime", "status")).Ends(1);
    }
}
