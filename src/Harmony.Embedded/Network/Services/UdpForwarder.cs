using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Services;

/// <summary>
/// Relays datagrams. Each client has a session: a socket to one endpoint, by which answers find back, for as long as something moves and the
/// endpoint is there.
/// </summary>
internal sealed class UdpForwarder : IDisposable
{
    private const int MostSessions = 4096;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(60);

    private readonly Socket _listener;
    private readonly Backend _backend;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, Session> _sessions = [];
    private readonly ITimer _sweep;

    public UdpForwarder(Socket listener, Backend backend, TimeProvider time)
    {
        _listener = listener;
        _backend = backend;
        _time = time;
        _sweep = time.CreateTimer(_ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ = ReceiveAsync();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _sweep.Dispose();
        lock (_lock)
        {
            foreach (var session in _sessions.Values)
            {
                session.Socket.Dispose();
            }

            _sessions.Clear();
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(65536, pinned: true);
        while (true)
        {
            try
            {
                var received = await _listener.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), CancellationToken.None);
                if (SessionOf((IPEndPoint)received.RemoteEndPoint) is { } session)
                {
                    await session.Socket.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None, CancellationToken.None);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                if (!_listener.SafeHandle.IsClosed)
                {
                    continue;
                }

                return;
            }
            catch (SocketException)
            {
                // One datagram could not be passed on; UDP loses some.
            }
        }
    }

    private Session? SessionOf(IPEndPoint client)
    {
        lock (_lock)
        {
            if (_sessions.TryGetValue(client, out var session))
            {
                if (_backend.Has(session.EndPoint))
                {
                    session.Seen = _time.GetTimestamp();
                    return session;
                }

                Remove(client, session);
            }

            if (_backend.Choose(client.Address, []) is not { } endPoint)
            {
                return null;
            }

            if (_sessions.Count >= MostSessions)
            {
                var oldest = _sessions.MinBy(s => s.Value.Seen);
                Remove(oldest.Key, oldest.Value);
            }

            var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                socket.Connect(endPoint);
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            session = new(endPoint, socket) { Seen = _time.GetTimestamp() };
            if (_sessions.Count == 0)
            {
                _sweep.Change(s_idle, Timeout.InfiniteTimeSpan);
            }

            _sessions[client] = session;
            _ = AnswerAsync(client, session);
            return session;
        }
    }

    private async Task AnswerAsync(IPEndPoint client, Session session)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(4096);
        try
        {
            while (true)
            {
                await session.Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, CancellationToken.None);
                if (session.Socket.Available > buffer.Length)
                {
                    buffer = GC.AllocateUninitializedArray<byte>(65536);
                }

                var read = await session.Socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, CancellationToken.None);
                session.Seen = _time.GetTimestamp();
                await _listener.SendToAsync(buffer.AsMemory(0, read), SocketFlags.None, client, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The endpoint refuses, or the session is over: the next datagram begins another.
            lock (_lock)
            {
                Remove(client, session);
            }
        }
    }

    private void Sweep()
    {
        lock (_lock)
        {
            foreach (var (client, session) in _sessions.Where(s => _time.GetElapsedTime(s.Value.Seen) >= s_idle).ToList())
            {
                Remove(client, session);
            }

            // With no session left the timer rests too.
            if (_sessions.Count > 0)
            {
                _sweep.Change(s_idle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Remove(IPEndPoint client, Session session)
    {
        if (_sessions.TryGetValue(client, out var current) && current == session)
        {
            _sessions.Remove(client);
        }

        session.Socket.Dispose();
    }

    private sealed class Session(IPEndPoint endPoint, Socket socket)
    {
        private long _seen;

        public IPEndPoint EndPoint => endPoint;

        public Socket Socket => socket;

        public long Seen
        {
            get => Volatile.Read(ref _seen);
            set => Volatile.Write(ref _seen, value);
        }
    }
}
