using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Sockets;
using Harmony.Platform.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Tests.Network;

/// <summary>A network on loopback addresses of its own, which needs no privilege.</summary>
internal sealed class LoopbackCluster : IAsyncDisposable
{
    private LoopbackCluster(EmbeddedNetwork network) => Network = network;

    public EmbeddedNetwork Network { get; }

    public static async Task<LoopbackCluster> OpenAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS has one loopback address only");
        var cluster = ClusterNetwork.OnLoopback(Instance.Of($"/{Guid.NewGuid()}"));
        return new(await EmbeddedNetwork.OpenAsync(cluster, "/none", new CommandRunner(), NullLogger.Instance, TestContext.Current.CancellationToken));
    }

    public IPAddress Pod(int place) => Network.Cluster.PodRange.At(place);

    public IPAddress Service(int place) => Network.Cluster.ServiceRange.At(100 + place);

    public Socket Serve(int pod, int port, string line)
    {
        var listener = HostSockets.Open(new(Pod(pod), port), ProtocolType.Tcp);
        TestNetwork.Greet(listener, line);
        return listener;
    }

    public ValueTask DisposeAsync() => Network.DisposeAsync();
}
