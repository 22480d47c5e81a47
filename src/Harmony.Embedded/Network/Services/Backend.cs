using System.Collections.Immutable;
using System.Net;

namespace Harmony.Embedded.Network.Services;

/// <summary>The endpoints behind one port of a Service, taken in turn; with affinity, each client keeps its own. Safe for concurrent use.</summary>
internal sealed class Backend(TimeProvider time)
{
    private const int MostClients = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (IPEndPoint EndPoint, long Seen)> _clients = [];
    private ImmutableArray<IPEndPoint> _endPoints = [];
    private TimeSpan? _affinity;
    private uint _next;

    public void Set(ImmutableArray<IPEndPoint> endPoints, TimeSpan? affinity)
    {
        lock (_lock)
        {
            _endPoints = endPoints;
            _affinity = affinity;
            if (affinity is null)
            {
                _clients.Clear();
            }
        }
    }

    public bool Has(IPEndPoint endPoint)
    {
        lock (_lock)
        {
            return _endPoints.Contains(endPoint);
        }
    }

    /// <summary>The endpoint for a client; null where there is none.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="failed">Those that were tried for this connection already.</param>
    public IPEndPoint? Choose(IPAddress client, IReadOnlyCollection<IPEndPoint> failed)
    {
        lock (_lock)
        {
            if (_affinity is { } keep && _clients.TryGetValue(client, out var known) && time.GetElapsedTime(known.Seen) < keep
                && _endPoints.Contains(known.EndPoint) && !failed.Contains(known.EndPoint))
            {
                _clients[client] = (known.EndPoint, time.GetTimestamp());
                return known.EndPoint;
            }

            for (var i = 0; i < _endPoints.Length; i++)
            {
                var endPoint = _endPoints[(int)(_next++ % (uint)_endPoints.Length)];
                if (!failed.Contains(endPoint))
                {
                    Remember(client, endPoint);
                    return endPoint;
                }
            }

            return null;
        }
    }

    private void Remember(IPAddress client, IPEndPoint endPoint)
    {
        if (_affinity is not { } keep)
        {
            return;
        }

        if (_clients.Count >= MostClients)
        {
            foreach (var old in _clients.Where(c => time.GetElapsedTime(c.Value.Seen) >= keep).Select(c => c.Key).ToList())
            {
                _clients.Remove(old);
            }

            if (_clients.Count >= MostClients)
            {
                _clients.Remove(_clients.MinBy(c => c.Value.Seen).Key);
            }
        }

        _clients[client] = (endPoint, time.GetTimestamp());
    }
}
