using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Dns;

/// <summary>Answers questions over UDP and TCP: the cluster's names from memory, all others from the machine's resolvers.</summary>
internal sealed class DnsServer(ClusterRecords records, Upstream upstream)
{
    private const int MostConnections = 256;
    private const int MostPayload = 1232;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);

    private int _connections;

    public async Task ServeUdpAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(4096, pinned: true);
        while (true)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), cancellation);
                var message = buffer.AsMemory(0, received.ReceivedBytes).ToArray();
                var answering = AnswerAsync(message, tcp: false, cancellation);

                // The cluster's own names are answered by now; only what goes to the machine's resolvers leaves the loop.
                if (answering.IsCompletedSuccessfully)
                {
                    await SendAsync(socket, received.RemoteEndPoint, answering.Result, cancellation);
                }
                else
                {
                    _ = SendLaterAsync(socket, received.RemoteEndPoint, answering, cancellation);
                }
            }
            catch (SocketException) when (!cancellation.IsCancellationRequested)
            {
                // A client that is gone, or a datagram too long: not worth more than itself.
            }
        }
    }

    public async Task ServeTcpAsync(Socket listener, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptAsync(cancellation);
                if (Interlocked.Increment(ref _connections) > MostConnections)
                {
                    Interlocked.Decrement(ref _connections);
                    client.Dispose();
                    continue;
                }

                _ = ConverseAsync(client, cancellation);
            }
            catch (SocketException) when (!cancellation.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
            }
        }
    }

    /// <summary>The message to send back; null where nothing is to be sent.</summary>
    internal async ValueTask<byte[]?> AnswerAsync(ReadOnlyMemory<byte> message, bool tcp, CancellationToken cancellation)
    {
        if (DnsQuery.Parse(message, out var error) is not { } query)
        {
            return error is { } code ? DnsAnswer.Failure(message.Span, code) : null;
        }

        var limit = tcp ? ushort.MaxValue : Math.Clamp(query.PayloadSize ?? 512, 512, MostPayload);
        if (query.Class != 1)
        {
            return new DnsAnswer(DnsCode.Refused, []).ToMessage(query, limit);
        }

        if (records.Find(query.Name, query.Type) is not { } answer)
        {
            return await upstream.AskAsync(query, tcp, cancellation) ?? new DnsAnswer(DnsCode.ServerFailure, []).ToMessage(query, limit);
        }

        if (answer.Outside is { } outside)
        {
            answer = await FollowAsync(answer, outside, query, cancellation);
        }

        return answer.ToMessage(query, limit);
    }

    internal static async Task WriteFrameAsync(Stream stream, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        var frame = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)message.Length);
        message.CopyTo(frame.AsMemory(2));
        await stream.WriteAsync(frame, cancellation);
    }

    /// <summary>A message with its length before it; null at the end of the stream.</summary>
    internal static async Task<byte[]?> ReadFrameAsync(Stream stream, CancellationToken cancellation)
    {
        var length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancellation) < 2)
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        return await stream.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, cancellation) == message.Length ? message : null;
    }

    /// <summary>Adds the addresses of the name outside that an ExternalName stands for.</summary>
    private async Task<DnsAnswer> FollowAsync(DnsAnswer answer, string outside, DnsQuery query, CancellationToken cancellation)
    {
        if (query.Type is not (DnsType.A or DnsType.Aaaa))
        {
            return answer;
        }

        // A question of our own: its header (recursion desired, one question), the outside name, the client's type.
        var id = (ushort)Random.Shared.Next(ushort.MaxValue + 1);
        byte[] message =
        [
            (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
            .. DnsRecord.EncodeName(outside), (byte)(query.Type >> 8), (byte)query.Type, 0, 1,
        ];
        if (DnsQuery.Parse(message, out _) is not { } question || await upstream.AskAsync(question, tcp: false, cancellation) is not { } found)
        {
            return answer with { Code = DnsCode.ServerFailure };
        }

        var addresses = DnsQuery.Addresses(found, query.Type).Select(data => new DnsRecord(outside, query.Type, DnsRecord.ShortTtl, data));
        return answer with { Code = (DnsCode)(found[3] & 15), Records = [.. answer.Records, .. addresses] };
    }

    private async Task ConverseAsync(Socket client, CancellationToken cancellation)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            while (true)
            {
                using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                idle.CancelAfter(s_idle);
                if (await ReadFrameAsync(stream, idle.Token) is not { } message || await AnswerAsync(message, tcp: true, idle.Token) is not { } answer)
                {
                    return;
                }

                await WriteFrameAsync(stream, answer, idle.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client left, or was silent for too long.
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private static async Task SendLaterAsync(Socket socket, EndPoint client, ValueTask<byte[]?> answering, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(socket, client, await answering, cancellation);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client asks again.
        }
    }

    private static async Task SendAsync(Socket socket, EndPoint client, byte[]? answer, CancellationToken cancellation)
    {
        if (answer is not null)
        {
            await socket.SendToAsync(answer, SocketFlags.None, client, cancellation);
        }
    }
}
