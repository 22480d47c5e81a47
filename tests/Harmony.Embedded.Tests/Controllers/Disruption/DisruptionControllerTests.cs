using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers.Disruption;

public sealed class DisruptionControllerTests : IAsyncDisposable
{
    private readonly ControllerBed bed = new();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public async Task A_budget_counts_what_may_be_evicted_now()
    {
        await bed.AddNodeAsync();
        await bed.CreateAsync(BuiltInResources.PodDisruptionBudgets, """{"metadata":{"name":"web"},"spec":{"minAvailable":"50%","selector":{"matchLabels":{"app":"web"}}}}""");
        await bed.UntilAsync(() => Budget.Condition("DisruptionAllowed")?.Text("reason") == "InsufficientPods");
        await bed.CreateAsync(BuiltInResources.ReplicaSets, """
            {"metadata":{"name":"web"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web"}]}}}}
            """);

        await bed.UntilAsync(() => Budget.At("status", "currentHealthy").AsLong() == 3);
        Budget.At("status", "expectedPods").AsLong().ShouldBe(3);
        Budget.At("status", "desiredHealthy").AsLong().ShouldBe(2);
        Budget.At("status", "disruptionsAllowed").AsLong().ShouldBe(1);
    }

    private JsonObject Budget => bed.Get(BuiltInResources.PodDisruptionBudgets, "web")!;
}
