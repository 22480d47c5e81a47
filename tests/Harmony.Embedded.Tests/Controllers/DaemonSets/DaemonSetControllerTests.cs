using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.DaemonSets;

public sealed class DaemonSetControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task The_node_gets_one_pod_which_an_update_replaces()
    {
        await bed.AddNodeAsync();
        await CreateAsync("");
        await bed.UntilAsync(() => Agent.At("status", "numberAvailable").AsLong() == 1);
        Agent.At("status", "desiredNumberScheduled").AsLong().ShouldBe(1);
        var first = bed.List(BuiltInResources.Pods).ShouldHaveSingleItem();

        await bed.ChangeAsync(BuiltInResources.DaemonSets, "agent", d => d.At("spec", "template", "spec", "containers").Objects().First()["image"] = "agent:2");
        await bed.UntilAsync(() => Agent.At("status", "observedGeneration").AsLong() == 2 && Agent.At("status", "updatedNumberScheduled").AsLong() == 1
            && Agent.At("status", "numberAvailable").AsLong() == 1);
        bed.List(BuiltInResources.Pods).ShouldHaveSingleItem().Uid.ShouldNotBe(first.Uid);
        bed.List(BuiltInResources.ControllerRevisions).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_node_that_the_pod_does_not_accept_gets_none_until_it_is_labelled()
    {
        await bed.AddNodeAsync();
        await CreateAsync("\"nodeSelector\":{\"gpu\":\"yes\"},");
        await bed.UntilAsync(() => Agent.At("status", "desiredNumberScheduled").AsLong() == 0);
        bed.List(BuiltInResources.Pods).ShouldBeEmpty();

        await bed.ChangeAsync(BuiltInResources.Nodes, "node-1", n => n.Metadata.Child("labels")["gpu"] = "yes");
        await bed.UntilAsync(() => Agent.At("status", "numberReady").AsLong() == 1);
    }

    [Fact]
    public async Task A_daemon_runs_also_on_a_cordoned_node()
    {
        await bed.AddNodeAsync(extra: "\"unschedulable\":true");
        await CreateAsync("");
        await bed.UntilAsync(() => Agent.At("status", "numberReady").AsLong() == 1);
    }

    private JsonObject Agent => bed.Get(BuiltInResources.DaemonSets, "agent")!;

    private Task CreateAsync(string spec) => bed.CreateAsync(BuiltInResources.DaemonSets, $$$$$"""
        {"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1}},
         "template":{"metadata":{"labels":{"app":"agent"}},"spec":{{{{{{spec}}}}}"containers":[{"name":"agent","image":"agent:1"}]}}}}
        """);
}
