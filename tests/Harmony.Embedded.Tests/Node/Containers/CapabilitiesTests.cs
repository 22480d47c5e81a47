using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Node.Containers;

public sealed class CapabilitiesTests
{
    [Fact]
    public void All_can_be_dropped_and_one_added_again() =>
        Bounding("""{"capabilities":{"drop":["ALL"],"add":["net_bind_service"]}}""").ShouldBe(["CAP_NET_BIND_SERVICE"]);

    [Fact]
    public void None_is_given_that_is_not_ours() =>
        Bounding("""{"capabilities":{"add":["SYS_RESOURCE"]}}""", ours: ~(1UL << 24)).ShouldNotContain("CAP_SYS_RESOURCE");

    [Fact]
    public void The_default_set_is_containerds() => Bounding("{}").Count.ShouldBe(14);

    private static List<string> Bounding(string security, ulong ours = ulong.MaxValue) =>
        [.. Capabilities.ToOci(JsonNode.Parse(security), privileged: false, isRoot: true, ours)["bounding"].Items().Select(c => c.AsText()!)];
}
