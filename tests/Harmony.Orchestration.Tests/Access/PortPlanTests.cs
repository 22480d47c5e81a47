using System.Text.Json.Nodes;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;

namespace Harmony.Orchestration.Tests.Access;

public sealed class PortPlanTests
{
    private static JsonObject Service(string name, string type, string ports) =>
        JsonNode.Parse($$"""{"metadata":{"name":"{{name}}","namespace":"shop"},"spec":{"type":"{{type}}","ports":{{ports}} } }""")!.AsObject();

    [Fact]
    public void A_load_balancer_is_published_under_its_own_ports()
    {
        var ports = PortPlan.Of([Service("web", "LoadBalancer", """[{"port":80,"name":"http"},{"port":443,"name":"https"}]""")], [], "shop");

        ports.Select(p => p.LocalPort).ShouldBe([80, 443]);
        ports.Select(p => p.Location).ShouldBe(["http://localhost", "https://localhost"]);
    }

    [Fact]
    public void A_node_port_is_published_under_its_node_port() =>
        PortPlan.Of([Service("web", "NodePort", """[{"port":80,"nodePort":30080}]""")], [], "shop").ShouldHaveSingleItem().LocalPort.ShouldBe(30080);

    [Fact]
    public void A_cluster_ip_is_published_only_when_asked_for()
    {
        var services = new[] { Service("db", "ClusterIP", """[{"port":5432,"name":"postgres"}]""") };

        PortPlan.Of(services, [], "shop").ShouldBeEmpty();
        PortPlan.Of(services, [PortRequest.Parse("15432:db:5432")!], "shop").ShouldHaveSingleItem().Location.ShouldBe("localhost:15432");
    }

    [Fact]
    public void What_the_user_asks_for_replaces_the_services_own_number() =>
        PortPlan.Of([Service("web", "LoadBalancer", """[{"port":80}]""")], [PortRequest.Parse("8080:web:80")!], "shop").ShouldHaveSingleItem().LocalPort.ShouldBe(8080);

    [Fact]
    public void Udp_is_not_published() =>
        PortPlan.Of([Service("dns", "LoadBalancer", """[{"port":53,"protocol":"UDP"}]""")], [], "shop").ShouldBeEmpty();

    [Fact]
    public void An_unknown_service_is_named_with_those_that_there_are()
    {
        var refusal = Should.Throw<LaunchException>(() => PortPlan.Of([Service("web", "ClusterIP", """[{"port":80}]""")], [PortRequest.Parse("api:80")!], "shop"));

        refusal.Message.ShouldContain("api");
        refusal.Hint.ShouldBe("It has web:80.");
        refusal.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("web:0")]
    [InlineData("web:65536")]
    [InlineData(":80")]
    [InlineData("1:2:3:4")]
    [InlineData("x:web:80")]
    public void A_malformed_request_is_refused(string text) => PortRequest.Parse(text).ShouldBeNull();
}
