using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Tests.Fakes;

namespace Harmony.Orchestration.Tests.Access;

public sealed class PodFinderTests
{
    private readonly FakeKubernetes cluster = FakeKubernetes.Create();

    public PodFinderTests()
    {
        cluster.Put(Trees.Pod("web-1-a", "web", ready: false));
        cluster.Put(Trees.Pod("web-1-b", "web"));
        cluster.Put(Trees.Pod("db-1-a", "db"));
    }

    private Task<string> FindAsync(string name) => new PodFinder(cluster).FindAsync("shop", name, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("web", "web-1-b")]
    [InlineData("deployment/web", "web-1-b")]
    [InlineData("Deploy/web", "web-1-b")]
    [InlineData("web-1-a", "web-1-a")]
    [InlineData("pod/web-1-a", "web-1-a")]
    public async Task A_ready_pod_comes_before_one_that_is_not_and_a_named_one_before_all(string name, string pod) => (await FindAsync(name)).ShouldBe(pod);

    [Fact]
    public async Task An_unknown_name_is_wrong_usage_that_names_the_known_ones()
    {
        var error = await Should.ThrowAsync<LaunchException>(FindAsync("wbe"));

        error.ExitCode.ShouldBe(2);
        error.Hint.ShouldBe("There are db, web.");
    }

    [Fact]
    public async Task A_workload_without_a_running_pod_says_so()
    {
        var pod = Trees.Pod("job-1-a", "job");
        pod["status"]!["phase"] = "Succeeded";
        cluster.Put(pod);

        (await Should.ThrowAsync<LaunchException>(FindAsync("job"))).Message.ShouldBe("No pod of job is running.");
    }
}
