using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Network.Sockets;

namespace Harmony.Embedded.Network.Services;

/// <summary>
/// The listeners of all Services. A port listens while it has endpoints: where it has none, the kernel itself refuses the client, as kube-proxy makes
/// it do. Not safe for concurrent use.
/// </summary>
internal sealed class ServiceTraffic(ClusterNetwork network, IServiceSockets sockets, TimeProvider time, Func<IPEndPoint?> api) : IDisposable
{
    private readonly HostSockets _host = new();
    private readonly Dictionary<string, ServiceRecord> _services = new(StringComparer.Ordinal);
    private readonly SliceIndex _slices = new();
    private readonly Dictionary<string, Dictionary<Listening, Forwarder>> _listeners = new(StringComparer.Ordinal);

    /// <summary>Takes in a Service that is new or has changed. Returns what could not be listened on, for which it may be called again.</summary>
    public IReadOnlyList<BindFailure> Put(ServiceRecord service)
    {
        _services[service.Key] = service;
        return Update(service.Key);
    }

    public void Remove(ServiceRecord service)
    {
        _services.Remove(service.Key);
        Update(service.Key);
    }

    public IReadOnlyList<BindFailure> Put(SliceRecord slice)
    {
        if (_slices.Put(slice) is { } former)
        {
            Update(former);
        }

        return Update(slice.ServiceKey);
    }

    /// <summary>Forgets an EndpointSlice, <c>namespace/name</c>.</summary>
    public void Remove(string sliceKey)
    {
        if (_slices.Remove(sliceKey) is { } service)
        {
            Update(service);
        }
    }

    /// <summary>Tries again what failed.</summary>
    public IReadOnlyList<BindFailure> Update(string serviceKey)
    {
        var wanted = _services.TryGetValue(serviceKey, out var service) ? Wanted(service) : [];
        if (!_listeners.TryGetValue(serviceKey, out var current))
        {
            if (wanted.Count == 0)
            {
                return [];
            }

            _listeners[serviceKey] = current = [];
        }

        foreach (var gone in current.Keys.Where(k => !wanted.ContainsKey(k)).ToList())
        {
            current[gone].Server.Dispose();
            current.Remove(gone);
        }

        List<BindFailure> failures = [];
        foreach (var (listening, endPoints) in wanted)
        {
            if (!current.TryGetValue(listening, out var forwarder))
            {
                var backend = new Backend(time);
                backend.Set(endPoints, service!.Affinity);
                try
                {
                    var socket = (listening.OnHost ? _host : sockets).Bind(new(listening.Address, listening.Port), listening.Protocol);
                    current[listening] = new(backend, listening.Protocol is ProtocolType.Tcp ? new TcpForwarder(socket, backend) : new UdpForwarder(socket, backend, time));
                }
                catch (SocketException e)
                {
                    failures.Add(new(service.Namespace, service.Name, listening, e));
                }
            }
            else
            {
                forwarder.Backend.Set(endPoints, service!.Affinity);
            }
        }

        if (current.Count == 0)
        {
            _listeners.Remove(serviceKey);
        }

        return failures;
    }

    public void Dispose()
    {
        foreach (var forwarder in _listeners.Values.SelectMany(l => l.Values))
        {
            forwarder.Server.Dispose();
        }

        _listeners.Clear();
    }

    private Dictionary<Listening, ImmutableArray<IPEndPoint>> Wanted(ServiceRecord service)
    {
        var wanted = new Dictionary<Listening, ImmutableArray<IPEndPoint>>();
        if (service.ClusterAddress is not { } cluster)
        {
            return wanted;
        }

        foreach (var port in service.Ports)
        {
            if (port.Protocol is not { } protocol || EndPoints(service, port) is not { Length: > 0 } endPoints)
            {
                continue;
            }

            if (network.ServiceRange.Contains(cluster) && !cluster.Equals(network.DnsAddress))
            {
                wanted[new(cluster, port.Port, protocol, OnHost: false)] = endPoints;
            }

            if (port.NodePort > 0)
            {
                wanted[new(network.NodeAddress, port.NodePort, protocol, OnHost: true)] = endPoints;
            }

            foreach (var address in service.ExternalAddresses.Where(a => !IPAddress.IsLoopback(a)))
            {
                wanted[new(address, port.Port, protocol, OnHost: true)] = endPoints;
            }
        }

        return wanted;
    }

    private ImmutableArray<IPEndPoint> EndPoints(ServiceRecord service, ServicePort port)
    {
        if (service.IsApi)
        {
            return api() is { } endPoint ? [endPoint] : [];
        }

        var all = _slices.Of(service.Key)
            .SelectMany(s => s.Ports.Where(p => p.Name == port.Name && p.Protocol == port.Protocol && p.Port is > 0 and < 65536)
                .SelectMany(p => s.Endpoints.Where(e => IsReachable(e.Address)).Select(e => (Endpoint: e, At: new IPEndPoint(e.Address, p.Port)))))
            .ToList();
        var ready = all.Where(e => e.Endpoint.Ready).Select(e => e.At).Distinct().ToImmutableArray();
        return ready.Length > 0 ? ready : [.. all.Where(e => e.Endpoint.ServingTerminating).Select(e => e.At).Distinct()];
    }

    /// <summary>Nobody gets at the machine's own loopback by writing it into an EndpointSlice.</summary>
    private bool IsReachable(IPAddress address) => !IPAddress.IsLoopback(address) || (!network.Bridged && network.PodRange.Contains(address));

    private sealed record Forwarder(Backend Backend, IDisposable Server);
}

/// <summary>An address that a Service listens on.</summary>
/// <param name="OnHost">On the machine's own address, not in the Services' range.</param>
internal readonly record struct Listening(IPAddress Address, int Port, ProtocolType Protocol, bool OnHost)
{
    public override string ToString() => $"{Address}:{Port}/{(Protocol is ProtocolType.Tcp ? "TCP" : "UDP")}";
}

/// <summary>An address that could not be listened on.</summary>
internal sealed record BindFailure(string Namespace, string Service, Listening Listening, SocketException Error);
