using System.Runtime.InteropServices;
using Harmony.Embedded.Native;

namespace Harmony.Embedded.Network.Linux;

/// <summary>
/// A conversation with the kernel about links, addresses and routes, in the network namespace of the thread that made it, wherever it is used
/// later. Spawning <c>ip</c> instead would cost the first pod some 5 ms a step. Not safe for concurrent use.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const int Family = 16, Raw = 3, SolSocket = 1, ReceiveTimeout = 20, SendTimeout = 21;
    private const ushort ErrorMessage = 2, Done = 3;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _fd;
    private uint _sequence;

    public unsafe NetlinkSocket()
    {
        _fd = Libc.Socket(Family, Raw | Libc.CloseOnExec, 0);
        if (_fd < 0)
        {
            throw NetworkException.LastError("open a netlink socket");
        }

        // The kernel answers at once; the bound only keeps a broken one from holding the runtime for ever.
        var fiveSeconds = stackalloc long[2] { 5, 0 };
        _ = Libc.SetSocketOption(_fd, SolSocket, ReceiveTimeout, fiveSeconds, 16);
        _ = Libc.SetSocketOption(_fd, SolSocket, SendTimeout, fiveSeconds, 16);
    }

    /// <summary>Sends a request and returns the kernel's errno: 0 for done.</summary>
    public int Send(NetlinkMessage message, string doing)
    {
        var errno = -1;
        Exchange(message, doing, (type, payload) =>
        {
            if (type == ErrorMessage)
            {
                errno = -MemoryMarshal.Read<int>(payload);
                return true;
            }

            return false;
        });
        return errno;
    }

    /// <summary>Sends a request that must succeed, or fail with one of the errors that mean that it is done already.</summary>
    /// <exception cref="NetworkException">The kernel refused.</exception>
    public void Run(NetlinkMessage message, string doing, params ReadOnlySpan<int> accepted)
    {
        var errno = Send(message, doing);
        if (errno != 0 && !accepted.Contains(errno))
        {
            throw NetworkException.Of(doing, errno);
        }
    }

    /// <summary>Hands each answer of a dump to <paramref name="take"/>: its fixed part and attributes.</summary>
    public void Dump(NetlinkMessage message, string doing, SpanTaker take) =>
        Exchange(message, doing, (type, payload) =>
        {
            switch (type)
            {
                case Done:
                    return true;
                case ErrorMessage when MemoryMarshal.Read<int>(payload) is var code and not 0:
                    throw NetworkException.Of(doing, -code);
                case ErrorMessage:
                    return true;
                default:
                    take(payload);
                    return false;
            }
        });

    /// <summary>The attributes behind a fixed part.</summary>
    public static Dictionary<ushort, byte[]> Attributes(ReadOnlySpan<byte> payload, int fixedLength)
    {
        var attributes = new Dictionary<ushort, byte[]>();
        for (var rest = payload[Math.Min(fixedLength, payload.Length)..]; rest.Length >= 4;)
        {
            int length = MemoryMarshal.Read<ushort>(rest);
            if (length < 4 || length > rest.Length)
            {
                break;
            }

            attributes[(ushort)(MemoryMarshal.Read<ushort>(rest[2..]) & 0x3fff)] = rest[4..length].ToArray();
            rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        }

        return attributes;
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }

    internal delegate void SpanTaker(ReadOnlySpan<byte> payload);

    private delegate bool Taker(ushort type, ReadOnlySpan<byte> payload);

    private unsafe void Exchange(NetlinkMessage message, string doing, Taker take)
    {
        var request = message.Finish(++_sequence);
        fixed (byte* data = request)
        {
            if (Libc.Send(_fd, data, request.Length, 0) != request.Length)
            {
                throw NetworkException.LastError(doing);
            }
        }

        while (true)
        {
            nint read;
            fixed (byte* data = _buffer)
            {
                read = Libc.Receive(_fd, data, _buffer.Length, 0);
            }

            if (read < 0)
            {
                if (Marshal.GetLastPInvokeError() == Libc.Interrupted)
                {
                    continue;
                }

                throw NetworkException.LastError(doing);
            }

            for (var rest = _buffer.AsSpan(0, (int)read); rest.Length >= 16;)
            {
                var length = (int)MemoryMarshal.Read<uint>(rest);
                if (length < 16 || length > rest.Length)
                {
                    break;
                }

                // An answer to an earlier request that timed out is not ours.
                if (MemoryMarshal.Read<uint>(rest[8..]) == _sequence && take(MemoryMarshal.Read<ushort>(rest[4..]), rest[16..length]))
                {
                    return;
                }

                rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
            }
        }
    }
}
