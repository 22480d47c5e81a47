using System.Net;
using Harmony.Embedded.Native;
using Harmony.Embedded.Network.Linux;
using Harmony.Platform.Files;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Network.Bridging;

/// <summary>
/// Pods behind a bridge of this machine: a network namespace each, joined to the bridge by a pair of interfaces. One more namespace holds the
/// Services' addresses, so that no program of the host that listens on all addresses stands in a Service's way, or is reached through one.
/// </summary>
internal sealed class BridgePodNetwork(ClusterNetwork network, Instance instance, ILogger log) : IPodNetwork, IDisposable
{
    /// <summary>The node, the Services' namespace, and room for later.</summary>
    internal const int Reserved = 8;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, PodRecord> _pods = new(StringComparer.Ordinal);
    private readonly AddressPool _addresses = new(network.PodRange, Reserved);
    private readonly RouteTable _host = new();
    private Link? _bridge;

    private IPAddress ServiceGateway => network.PodRange.At(2);

    private Link Bridge => _bridge ?? throw new InvalidOperationException("The bridge is not up yet.");

    /// <summary>Brings up the bridge and the Services' namespace, or finds them as an earlier process left them, with the pods behind them.</summary>
    /// <exception cref="NetworkException">The machine refuses.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        Disk.CreateFolder(instance.Pods);
        _bridge = _host.FindLink(instance.Bridge);
        if (_bridge is null)
        {
            var errno = _host.TryAddBridge(instance.Bridge, Instance.Mac(network.NodeAddress), 1500);
            if (errno is not (0 or Libc.Exists))
            {
                throw NetworkException.Of($"make the bridge {instance.Bridge}", errno);
            }

            _bridge = _host.FindLink(instance.Bridge) ?? throw new NetworkException(NetworkError.Failed, $"The bridge {instance.Bridge} vanished while it was made");
        }

        _host.SetUp(Bridge.Index, Bridge.Name);
        _host.AddAddress(Bridge.Index, network.NodeAddress, network.PodRange.PrefixLength);
        await OpenServiceNamespaceAsync();
        _host.AddRoute(network.ServiceRange, ServiceGateway, Bridge.Index);
        foreach (var path in Disk.Files(instance.Pods))
        {
            if (PodRecord.Parse(Path.GetFileName(path)) is { } pod && _addresses.TryTake(pod.Address))
            {
                _pods[pod.Uid] = pod;
            }
            else
            {
                NetworkNamespace.Remove(path);
            }
        }

        cancellation.ThrowIfCancellationRequested();
    }

    public Task<PodAttachment> AttachAsync(string podUid, CancellationToken cancellation) => AttachAsync(podUid, inProcess: false, cancellation);

    public Task<PodAttachment> AttachInProcessAsync(string podUid, CancellationToken cancellation) => AttachAsync(podUid, inProcess: true, cancellation);

    public async Task DetachAsync(string podUid, CancellationToken cancellation)
    {
        using var held = await EnterAsync(cancellation);
        if (_pods.TryGetValue(podUid, out var pod))
        {
            Detach(pod);
        }
    }

    public async Task DetachAllExceptAsync(IReadOnlySet<string> podUids, CancellationToken cancellation)
    {
        using var held = await EnterAsync(cancellation);
        foreach (var pod in _pods.Values.Where(p => !podUids.Contains(p.Uid)).ToList())
        {
            Detach(pod);
        }
    }

    public void Dispose()
    {
        _host.Dispose();
        _gate.Dispose();
    }

    private async Task<PodAttachment> AttachAsync(string podUid, bool inProcess, CancellationToken cancellation)
    {
        if (!PodRecord.IsUid(podUid))
        {
            throw new NetworkException(NetworkError.Failed, $"Could not attach a pod to the network: '{podUid}' is no uid");
        }

        using var held = await EnterAsync(cancellation);
        if (_pods.TryGetValue(podUid, out var pod) && pod.InProcess != inProcess)
        {
            Detach(pod);
            pod = null;
        }

        if (pod is null)
        {
            pod = new(podUid, _addresses.Take(), inProcess);
            _pods[podUid] = pod;
        }

        try
        {
            return inProcess ? AttachToHost(pod) : await AttachNamespaceAsync(pod);
        }
        catch
        {
            Detach(pod);
            throw;
        }
    }

    private PodAttachment AttachToHost(PodRecord pod)
    {
        using (Disk.OpenWrite(PathOf(pod), FileMode.OpenOrCreate))
        {
        }

        _host.AddAddress(Bridge.Index, pod.Address, 32);
        return new(pod.Address, null);
    }

    private async Task<PodAttachment> AttachNamespaceAsync(PodRecord pod)
    {
        var path = PathOf(pod);
        if (!NetworkNamespace.Exists(path) || _host.FindLink(LinkOf(pod)) is null)
        {
            _host.DeleteLink(LinkOf(pod));
            NetworkNamespace.Remove(path);
            await NetworkNamespace.CreateAsync(path, ns => Join(ns, LinkOf(pod), pod.Address, routes =>
                routes.AddRoute(network.ServiceRange, ServiceGateway, routes.FindLink("eth0")!.Index)));
        }

        return new(pod.Address, path);
    }

    /// <summary>Joins the namespace that this thread is in to the bridge.</summary>
    private void Join(int ns, string link, IPAddress address, Action<RouteTable> more)
    {
        _host.AddPair(link, Bridge.Index, Instance.Mac(address), ns, Bridge.Mtu);
        using var inside = new RouteTable();
        var loopback = inside.FindLink("lo")!.Index;
        var eth0 = inside.FindLink("eth0")!.Index;
        inside.SetUp(loopback, "lo");
        inside.SetUp(eth0, "eth0");
        inside.AddAddress(eth0, address, network.PodRange.PrefixLength);
        inside.AddRoute(new(IPAddress.Any, 0), network.NodeAddress, eth0);
        more(inside);
    }

    private async Task OpenServiceNamespaceAsync()
    {
        var path = instance.ServiceNamespace;
        if (NetworkNamespace.Exists(path) && _host.FindLink(instance.ServiceLink) is not null)
        {
            return;
        }

        _host.DeleteLink(instance.ServiceLink);
        NetworkNamespace.Remove(path);
        await NetworkNamespace.CreateAsync(path, ns => Join(ns, instance.ServiceLink, ServiceGateway, routes =>
            routes.AddLocalRange(network.ServiceRange, routes.FindLink("lo")!.Index)));
    }

    private void Detach(PodRecord pod)
    {
        try
        {
            if (pod.InProcess)
            {
                _host.DeleteAddress(Bridge.Index, pod.Address, 32);
            }
            else
            {
                // The interface first: the namespace itself ends only with the last process in it, and the address is free from now on.
                _host.DeleteLink(LinkOf(pod));
            }

            NetworkNamespace.Remove(PathOf(pod));
        }
        catch (NetworkException e)
        {
            log.LogWarning("The network of pod {Pod} could not be removed: {Reason}", pod.Uid, e.Message);
        }

        _pods.Remove(pod.Uid);
        _addresses.GiveBack(pod.Address);
    }

    private string PathOf(PodRecord pod) => $"{instance.Pods}/{pod.FileName}";

    private string LinkOf(PodRecord pod) => $"{instance.LinkPrefix}{_addresses.Place(pod.Address)}";

    private async Task<Gate> EnterAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        return new(_gate);
    }

    private readonly struct Gate(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
