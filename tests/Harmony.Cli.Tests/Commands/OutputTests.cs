using System.Text.Json.Nodes;
using Harmony.Cli.Commands;
using Harmony.Cli.Interaction;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;
using Harmony.Platform.Paths;
using Harmony.Runtimes;

namespace Harmony.Cli.Tests.Commands;

/// <summary>What the reference says of the JSON, held against the JSON.</summary>
public sealed class OutputTests
{
    private static readonly string Reference = File.ReadAllText(Path.Combine(Repository.Root, "docs", "reference", "output.md"));
    private static readonly ObjectId Web = new("apps", "Deployment", "shop", "web");
    private static readonly PublishedPort Port = new("shop", "web", 80, 8080);

    public static TheoryData<string> Documents =>
    [
        LaunchReport.ToJson(new LaunchResult
        {
            Outcome = LaunchOutcome.DoesNotWork, Project = "shop", Namespace = "shop", Runtime = "embedded", Reason = "because", Applied = new(1, 0, 0, 0, 0),
            Workloads = [new(Web, WorkloadStage.Failing, 0, 1, 0, "fails")], Ports = [Port], Findings = [new(FindingCode.CrashLoop, Web, ["evidence"])],
        }).ToJsonString(),
        StatusCommand.ToJson(new(new() { Name = "shop", Namespace = "shop", Source = "/src", Runtime = "embedded", Kubeconfig = "k", Ports = [Port] })).ToJsonString(),
        Cli.Commands.Runtime.ListCommand.ToJson(new RuntimeStatus("embedded", RuntimeState.Running)).ToJsonString(),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_member_is_in_the_reference(string document) =>
        Names(JsonNode.Parse(document)).Distinct().Where(n => !Reference.Contains($"\"{n}\"", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Every_outcome_and_stage_is_in_the_reference() =>
        Enum.GetNames<LaunchOutcome>().Concat(Enum.GetNames<WorkloadStage>()).Concat(Enum.GetNames<RuntimeState>()).Where(n => !Reference.Contains($"\"{n}\"", StringComparison.Ordinal)).ShouldBeEmpty();

    [Theory]
    [InlineData("bash", "complete -o default -F _harmony harmony")]
    [InlineData("zsh", "#compdef harmony")]
    [InlineData("fish", "complete -c harmony")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Each_shell_gets_its_script_also_as_JSON(string shell, string part)
    {
        using var terminal = new CapturedTerminal();
        var composition = new Composition(terminal.Terminal, HarmonyPaths.Under("/nowhere"), TimeProvider.System);

        (await Invocation.RunAsync(["completion", shell], composition, TestContext.Current.CancellationToken)).ShouldBe(0);
        terminal.Data.ShouldContain(part);
        (await Invocation.RunAsync(["completion", shell, "-o", "json"], composition, TestContext.Current.CancellationToken)).ShouldBe(0);
        JsonNode.Parse(terminal.Data[terminal.Data.IndexOf("\n{", StringComparison.Ordinal)..])!["script"]!.GetValue<string>().ShouldContain(part);
    }

    [Fact]
    public async Task The_version_is_given_as_text_and_as_JSON()
    {
        using var terminal = new CapturedTerminal();
        var composition = new Composition(terminal.Terminal, HarmonyPaths.Under("/nowhere"), TimeProvider.System);

        await Invocation.RunAsync(["version", "-o", "json"], composition, TestContext.Current.CancellationToken);

        JsonNode.Parse(terminal.Data)!["harmony"]!.GetValue<string>().ShouldBe(VersionCommand.Version);
    }

    private static IEnumerable<string> Names(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => Names(p.Value).Prepend(p.Key)),
        JsonArray a => a.SelectMany(Names),
        _ => [],
    };
}
