using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network.Services;
using Harmony.Embedded.Network.Sockets;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.HostPorts;

/// <summary>
/// What the portmap plugin does elsewhere: makes the <c>hostPort</c> of containers answer on the machine. A port without a <c>hostIP</c> is on the
/// node's address, where pods and the host find it, and on 127.0.0.1, but on no address that other machines reach.
/// </summary>
/// <param name="cluster">Where pods are watched.</param>
/// <param name="network">The addresses.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where ports that are taken are told, beside an Event at the pod.</param>
public sealed class HostPorts(IClusterClient cluster, ClusterNetwork network, TimeProvider time, ILogger log) : IEmbeddedService
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(10);

    private readonly HostSockets _sockets = new();
    private readonly EventRecorder _events = new(cluster, time, "kubelet");
    private readonly Dictionary<string, Dictionary<(IPAddress Address, HostPort Port), IDisposable>> _pods = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public string Name => "host ports";

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var change in cluster.WatchAsync(BuiltInResources.Pods, cancellation))
            {
                Put(change.Object, change.Type is WatchEventType.Deleted, cancellation);
            }
        }
        finally
        {
            lock (_lock)
            {
                foreach (var server in _pods.Values.SelectMany(p => p.Values))
                {
                    server.Dispose();
                }

                _pods.Clear();
            }
        }
    }

    private void Put(JsonObject pod, bool gone, CancellationToken cancellation)
    {
        var wanted = (gone ? [] : HostPort.Of(pod)).SelectMany(p => Addresses(p).Select(a => (Address: a, Port: p))).ToHashSet();
        lock (_lock)
        {
            if (!_pods.TryGetValue(pod.Uid, out var current))
            {
                if (wanted.Count == 0)
                {
                    return;
                }

                _pods[pod.Uid] = current = [];
            }

            foreach (var former in current.Keys.Where(k => !wanted.Contains(k)).ToList())
            {
                current[former].Dispose();
                current.Remove(former);
            }

            var failed = false;
            foreach (var key in wanted.Where(w => !current.ContainsKey(w)))
            {
                try
                {
                    current[key] = Serve(key.Address, key.Port);
                }
                catch (SocketException e)
                {
                    failed = true;
                    var message = $"Cannot listen on {key.Address}:{key.Port.Port}/{(key.Port.Protocol is ProtocolType.Tcp ? "TCP" : "UDP")} for the hostPort: {e.Message}";
                    log.LogWarning("Pod {Namespace}/{Pod}: {Message}", pod.Namespace, pod.Name, message);
                    _events.Record(pod, EventType.Warning, "HostPortConflict", message);
                }
            }

            if (current.Count == 0)
            {
                _pods.Remove(pod.Uid);
            }

            if (failed)
            {
                _ = RetryAsync(pod.Namespace, pod.Name, pod.Uid, cancellation);
            }
        }
    }

    private IEnumerable<IPAddress> Addresses(HostPort port) =>
        port.Address is { } one ? [one] : network.NodeAddress.Equals(IPAddress.Loopback) ? [IPAddress.Loopback] : [network.NodeAddress, IPAddress.Loopback];

    private IDisposable Serve(IPAddress address, HostPort port)
    {
        var backend = new Backend(time);
        backend.Set(ImmutableArray.Create(port.Target), affinity: null);
        var socket = _sockets.Bind(new(address, port.Port), port.Protocol);
        return port.Protocol is ProtocolType.Tcp ? new TcpForwarder(socket, backend) : new UdpForwarder(socket, backend, time);
    }

    /// <summary>Whoever holds the port may let go of it.</summary>
    private async Task RetryAsync(string? ns, string name, string uid, CancellationToken cancellation)
    {
        await Task.Delay(s_retry, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellation.IsCancellationRequested && cluster.Get(BuiltInResources.Pods, ns, name) is { } pod && pod.Uid == uid)
        {
            Put(pod, gone: false, cancellation);
        }
    }
}
