using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Dns;

/// <summary>
/// Passes questions on to the machine's resolvers and their answers back, byte for byte. A resolver that does not answer is left alone for a while,
/// so that without a network only the first question waits.
/// </summary>
internal sealed class Upstream(Func<IReadOnlyList<IPEndPoint>> resolvers, TimeProvider time)
{
    private const int MostAtOnce = 512;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_resend = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPEndPoint, long> _silent = [];
    private int _asking;

    /// <summary>The first useful answer; else the last useless one (SERVFAIL, REFUSED); null where nobody answers.</summary>
    public async Task<byte[]?> AskAsync(DnsQuery query, bool tcp, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _asking) > MostAtOnce)
        {
            Interlocked.Decrement(ref _asking);
            return null;
        }

        try
        {
            byte[]? useless = null;
            foreach (var resolver in resolvers().Where(IsAwake))
            {
                var answer = await AskAsync(resolver, query, tcp, cancellation);
                if (answer is not null && (DnsCode)(answer[3] & 15) is not (DnsCode.ServerFailure or DnsCode.Refused))
                {
                    return answer;
                }

                useless = answer ?? useless;
            }

            return useless;
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private async Task<byte[]?> AskAsync(IPEndPoint resolver, DnsQuery query, bool tcp, CancellationToken cancellation)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(s_patience);
            return tcp ? await OverTcpAsync(resolver, query, patience.Token) : await OverUdpAsync(resolver, query, patience.Token);
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            lock (_lock)
            {
                _silent[resolver] = time.GetTimestamp();
            }

            return null;
        }
    }

    private static async Task<byte[]> OverUdpAsync(IPEndPoint resolver, DnsQuery query, CancellationToken cancellation)
    {
        // A socket for each question: its port is a second secret beside the question's number, and the kernel drops what comes from elsewhere.
        using var socket = new Socket(resolver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(resolver, cancellation);
        var buffer = new byte[4096 + 512];
        await socket.SendAsync(query.Message, SocketFlags.None, cancellation);
        var receiving = socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancellation).AsTask();
        if (await Task.WhenAny(receiving, Task.Delay(s_resend, TimeProvider.System, cancellation)) != receiving)
        {
            await socket.SendAsync(query.Message, SocketFlags.None, cancellation);
        }

        while (true)
        {
            var read = await receiving;
            if (IsAnswer(buffer.AsSpan(0, read), query))
            {
                return buffer[..read];
            }

            receiving = socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancellation).AsTask();
        }
    }

    private static async Task<byte[]> OverTcpAsync(IPEndPoint resolver, DnsQuery query, CancellationToken cancellation)
    {
        using var socket = new Socket(resolver.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(resolver, cancellation);
        await using var stream = new NetworkStream(socket);
        await DnsServer.WriteFrameAsync(stream, query.Message, cancellation);
        return await DnsServer.ReadFrameAsync(stream, cancellation) is { } answer && IsAnswer(answer, query) ? answer : throw new IOException("The resolver's answer is to another question");
    }

    private static bool IsAnswer(ReadOnlySpan<byte> message, DnsQuery query) =>
        message.Length >= 12 && BinaryPrimitives.ReadUInt16BigEndian(message) == query.Id && (message[2] & 0x80) != 0;

    private bool IsAwake(IPEndPoint resolver)
    {
        lock (_lock)
        {
            return !_silent.TryGetValue(resolver, out var since) || time.GetElapsedTime(since) >= s_rest;
        }
    }
}
