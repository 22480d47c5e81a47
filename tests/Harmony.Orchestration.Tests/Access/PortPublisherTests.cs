using System.Net;
using System.Net.Sockets;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Tests.Fakes;

namespace Harmony.Orchestration.Tests.Access;

public sealed class PortPublisherTests : IAsyncLifetime
{
    private readonly FakeHome home = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    private Task<IReadOnlyList<PublishedPort>> ReserveAsync(bool anyPort, params PublishedPort[] planned) =>
        home.Ports.ReserveAsync("shop", planned, anyPort, TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_port_that_was_moved_aside_keeps_its_number()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var wanted = new PublishedPort("shop", "web", 80, ((IPEndPoint)other.LocalEndpoint).Port);
        var first = await ReserveAsync(anyPort: true, wanted);
        home.Records.Save(new() { Name = "shop", Namespace = "shop", Source = "/src", Runtime = "embedded", Kubeconfig = home.Kubeconfig, Ports = first });

        (await ReserveAsync(anyPort: true, wanted)).ShouldBe(first);
        first.ShouldHaveSingleItem().LocalPort.ShouldNotBe(wanted.LocalPort);
    }

    [Fact]
    public async Task Two_Services_of_one_project_cannot_have_one_port()
    {
        var free = LoopbackPort.Free();

        var error = await Should.ThrowAsync<LaunchException>(ReserveAsync(anyPort: false, new("shop", "web", 80, free), new PublishedPort("shop", "api", 80, free)));

        error.Message.ShouldBe($"Port {free} for api is taken by web of the same project.");
    }
}
