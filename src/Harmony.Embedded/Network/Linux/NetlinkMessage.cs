using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Harmony.Embedded.Network.Linux;

/// <summary>One rtnetlink request under construction: a header, a fixed part and attributes, in the machine's byte order (rtnetlink(7)).</summary>
internal sealed class NetlinkMessage
{
    internal const ushort NewLink = 16, DeleteLink = 17, GetLink = 18, NewAddress = 20, DeleteAddress = 21, GetAddress = 22, NewRoute = 24, DeleteRoute = 25, GetRoute = 26;
    internal const ushort Request = 1, Acknowledge = 4, Create = 0x400, Exclusive = 0x200, Replace = 0x100, Dump = 0x300;

    private byte[] _buffer = new byte[512];
    private int _length = 16;

    public NetlinkMessage(ushort type, ushort flags, ReadOnlySpan<byte> fixedPart)
    {
        MemoryMarshal.Write(_buffer.AsSpan(4), type);
        MemoryMarshal.Write(_buffer.AsSpan(6), flags);
        Append(fixedPart);
    }

    public NetlinkMessage Put(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> head = stackalloc byte[4];
        MemoryMarshal.Write(head, (ushort)(4 + value.Length));
        MemoryMarshal.Write(head[2..], type);
        Append(head);
        Append(value);
        return this;
    }

    public NetlinkMessage Put(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        MemoryMarshal.Write(bytes, value);
        return Put(type, bytes);
    }

    public NetlinkMessage Put(ushort type, string text) => Put(type, Encoding.ASCII.GetBytes(text + '\0'));

    public NetlinkMessage Put(ushort type, IPAddress address) => Put(type, address.GetAddressBytes());

    /// <summary>An attribute that holds attributes, after an optional fixed part.</summary>
    public NetlinkMessage Nest(ushort type, Action<NetlinkMessage> inner, ReadOnlySpan<byte> fixedPart = default)
    {
        var start = _length;
        Put(type, default(ReadOnlySpan<byte>));
        Append(fixedPart);
        inner(this);
        MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    /// <summary>The finished request.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_buffer, (uint)_length);
        MemoryMarshal.Write(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    /// <summary>struct ifinfomsg.</summary>
    public static byte[] LinkPart(int index = 0, uint flags = 0, uint change = 0)
    {
        var part = new byte[16];
        MemoryMarshal.Write(part.AsSpan(4), index);
        MemoryMarshal.Write(part.AsSpan(8), flags);
        MemoryMarshal.Write(part.AsSpan(12), change);
        return part;
    }

    /// <summary>struct ifaddrmsg for IPv4.</summary>
    public static byte[] AddressPart(int index = 0, int prefix = 0)
    {
        var part = new byte[8];
        part[0] = 2;
        part[1] = (byte)prefix;
        MemoryMarshal.Write(part.AsSpan(4), index);
        return part;
    }

    /// <summary>struct rtmsg for IPv4.</summary>
    public static byte[] RoutePart(int prefix = 0, byte table = 0, byte protocol = 0, byte scope = 0, byte type = 0) =>
        [2, (byte)prefix, 0, 0, table, protocol, scope, type, 0, 0, 0, 0];

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + 3) & ~3;
        if (_length + padded > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + padded));
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += padded;
    }
}
