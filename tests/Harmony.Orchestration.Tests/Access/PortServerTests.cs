using Harmony.Orchestration.Access;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Tests.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Harmony.Orchestration.Tests.Access;

public sealed class PortServerTests : IAsyncLifetime
{
    private readonly FakeHome home = new();
    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly PublishedPort port = new("shop", "web", 80, LoopbackPort.Free());
    private Task serving = Task.CompletedTask;

    private ProjectRecord Record => new() { Name = "shop", Namespace = "shop", Source = "/src", Runtime = "embedded", Kubeconfig = home.Kubeconfig, Objects = 1, Ports = [port] };

    public ValueTask InitializeAsync()
    {
        home.Records.Save(Record);
        serving = home.Server(time).RunAsync(stop.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        stop.Dispose();
        await home.DisposeAsync();
    }

    private Task UntilAsync(string? state) => Harmony.Testing.Eventually.Async(() => PortStates.Read(home.Paths).GetValueOrDefault(PortStates.KeyOf(port)) == state);

    [Fact]
    public async Task A_recorded_port_is_served_and_closed_when_its_record_goes()
    {
        await UntilAsync("");
        LoopbackPort.IsOpen(port.LocalPort).ShouldBeTrue();

        home.Records.Remove("shop");

        await UntilAsync(null);
        LoopbackPort.IsOpen(port.LocalPort).ShouldBeFalse();
    }

    [Fact]
    public async Task With_nothing_left_to_serve_it_ends()
    {
        await UntilAsync("");
        home.Records.Remove("shop");
        await UntilAsync(null);
        time.Advance(TimeSpan.FromSeconds(11));
        home.Records.Save(Record with { Ports = [] });

        await serving.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_missing_kubeconfig_is_said_as_the_ports_fault()
    {
        await UntilAsync("");

        home.Records.Save(Record with { Kubeconfig = "/nowhere/config" });

        await UntilAsync("there is no kubeconfig /nowhere/config");
    }
}
