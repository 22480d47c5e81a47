using System.Net;
using Harmony.Embedded.Network;

namespace Harmony.Embedded.Network.Loopback;

/// <summary>
/// Pods on loopback addresses, for machines where harmony may not make bridges. Only pods inside this process live here, and they end with it, so
/// nothing is written down. Where the pod range is one address alone (macOS), all pods share it.
/// </summary>
internal sealed class LoopbackPodNetwork(ClusterNetwork network) : IPodNetwork
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IPAddress> _pods = new(StringComparer.Ordinal);
    private readonly AddressPool? _addresses = network.PodRange.Size() > 1 ? new(network.PodRange, Bridging.BridgePodNetwork.Reserved) : null;

    public Task<PodAttachment> AttachAsync(string podUid, CancellationToken cancellation) => AttachInProcessAsync(podUid, cancellation);

    public Task<PodAttachment> AttachInProcessAsync(string podUid, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(podUid, out var address))
            {
                address = _addresses?.Take() ?? network.PodRange.BaseAddress;
                _pods[podUid] = address;
            }

            return Task.FromResult(new PodAttachment(address, null));
        }
    }

    public Task DetachAsync(string podUid, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_pods.Remove(podUid, out var address))
            {
                _addresses?.GiveBack(address);
            }
        }

        return Task.CompletedTask;
    }

    public async Task DetachAllExceptAsync(IReadOnlySet<string> podUids, CancellationToken cancellation)
    {
        string[] gone;
        lock (_lock)
        {
            gone = [.. _pods.Keys.Where(uid => !podUids.Contains(uid))];
        }

        foreach (var uid in gone)
        {
            await DetachAsync(uid, cancellation);
        }
    }
}
