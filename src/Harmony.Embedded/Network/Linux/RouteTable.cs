using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Harmony.Embedded.Native;

namespace Harmony.Embedded.Network.Linux;

/// <summary>A network interface.</summary>
internal sealed record Link(int Index, string Name, int Mtu, bool Up);

/// <summary>An IPv4 address of an interface, with the network that it opens.</summary>
internal sealed record LinkAddress(int Index, IPAddress Address, IPNetwork Network);

/// <summary>An IPv4 route; the default route's destination is 0.0.0.0/0.</summary>
internal sealed record Route(IPNetwork Destination, int Index, int Table, byte Type);

/// <summary>Links, addresses and routes of one network namespace, read and changed through rtnetlink. Each step says what it was doing when it fails.</summary>
internal sealed class RouteTable : IDisposable
{
    public const byte MainTable = 254, LocalTable = 255, Unicast = 1, Local = 2;

    private const uint InterfaceUp = 1;
    private readonly NetlinkSocket _socket = new();

    /// <summary>Makes a bridge that is up. Its MAC address is fixed, or it would change with the pods behind it and stale every neighbour's cache.</summary>
    public int TryAddBridge(string name, byte[] mac, int mtu) => _socket.Send(
        Change(NetlinkMessage.NewLink, NetlinkMessage.LinkPart(flags: InterfaceUp, change: InterfaceUp), NetlinkMessage.Create | NetlinkMessage.Exclusive)
            .Put(3, name).Put(1, mac).Put(4, mtu)
            .Nest(18, info => info.Put(1, "bridge")),
        $"make the bridge {name}");

    /// <summary>Makes a pair of linked interfaces: one here, up and a port of the bridge; its peer <c>eth0</c> in another network namespace.</summary>
    public void AddPair(string name, int bridge, byte[] peerMac, int peerNamespace, int mtu) => _socket.Run(
        Change(NetlinkMessage.NewLink, NetlinkMessage.LinkPart(flags: InterfaceUp, change: InterfaceUp), NetlinkMessage.Create | NetlinkMessage.Exclusive)
            .Put(3, name).Put(4, mtu).Put(10, bridge)
            .Nest(18, info => info.Put(1, "veth").Nest(2, data => data.Nest(
                1,
                peer => peer.Put(3, "eth0").Put(1, peerMac).Put(4, mtu).Put(28, peerNamespace),
                NetlinkMessage.LinkPart()))), // its peer cannot be up before the two are linked
        $"make the network interface {name}");

    public void SetUp(int index, string name) =>
        _socket.Run(Change(NetlinkMessage.NewLink, NetlinkMessage.LinkPart(index, InterfaceUp, InterfaceUp)), $"bring up the network interface {name}");

    /// <summary>Removes an interface; nothing happens where there is none.</summary>
    public void DeleteLink(string name) =>
        _socket.Run(Change(NetlinkMessage.DeleteLink, NetlinkMessage.LinkPart()).Put(3, name), $"remove the network interface {name}", Libc.NoDevice);

    public void AddAddress(int index, IPAddress address, int prefix) => _socket.Run(
        Change(NetlinkMessage.NewAddress, NetlinkMessage.AddressPart(index, prefix), NetlinkMessage.Create | NetlinkMessage.Exclusive).Put(2, address).Put(1, address),
        $"add the address {address}/{prefix}",
        Libc.Exists);

    public void DeleteAddress(int index, IPAddress address, int prefix) => _socket.Run(
        Change(NetlinkMessage.DeleteAddress, NetlinkMessage.AddressPart(index, prefix)).Put(2, address).Put(1, address),
        $"remove the address {address}/{prefix}",
        Libc.AddressNotAvailable,
        Libc.NoDevice);

    /// <summary>Routes a range to a gateway (null: it is on the link).</summary>
    public void AddRoute(IPNetwork destination, IPAddress? gateway, int index)
    {
        var message = Change(
            NetlinkMessage.NewRoute,
            NetlinkMessage.RoutePart(destination.PrefixLength, MainTable, protocol: 4, scope: gateway is null ? (byte)253 : (byte)0, type: Unicast),
            NetlinkMessage.Create | NetlinkMessage.Replace).Put(1, destination.BaseAddress).Put(4, index);
        _socket.Run(gateway is null ? message : message.Put(5, gateway), $"add a route to {destination}");
    }

    /// <summary>Makes every address of a range this namespace's own, so that sockets may be bound to any of them: <c>ip route add local RANGE dev lo</c>.</summary>
    public void AddLocalRange(IPNetwork range, int loopback) => _socket.Run(
        Change(
            NetlinkMessage.NewRoute,
            NetlinkMessage.RoutePart(range.PrefixLength, LocalTable, protocol: 4, scope: 254, type: Local),
            NetlinkMessage.Create | NetlinkMessage.Replace).Put(1, range.BaseAddress).Put(4, loopback),
        $"make {range} local");

    public Link? FindLink(string name) => Links().FirstOrDefault(l => l.Name == name);

    public IReadOnlyList<Link> Links()
    {
        var links = new List<Link>();
        _socket.Dump(Query(NetlinkMessage.GetLink, NetlinkMessage.LinkPart()), "list the network interfaces", payload =>
        {
            var attributes = NetlinkSocket.Attributes(payload, 16);
            if (attributes.TryGetValue(3, out var name))
            {
                var mtu = attributes.TryGetValue(4, out var bytes) ? MemoryMarshal.Read<int>(bytes) : 1500;
                links.Add(new(MemoryMarshal.Read<int>(payload[4..]), Encoding.ASCII.GetString(name).TrimEnd('\0'), mtu, (MemoryMarshal.Read<uint>(payload[8..]) & InterfaceUp) != 0));
            }
        });
        return links;
    }

    public IReadOnlyList<LinkAddress> Addresses()
    {
        var addresses = new List<LinkAddress>();
        _socket.Dump(Query(NetlinkMessage.GetAddress, NetlinkMessage.AddressPart()), "list the addresses", payload =>
        {
            var attributes = NetlinkSocket.Attributes(payload, 8);
            if (payload[0] == 2 && (attributes.GetValueOrDefault((ushort)2) ?? attributes.GetValueOrDefault((ushort)1)) is { Length: 4 } bytes)
            {
                var address = new IPAddress(bytes);
                addresses.Add(new(MemoryMarshal.Read<int>(payload[4..]), address, Ranges.Around(address, payload[1])));
            }
        });
        return addresses;
    }

    /// <summary>The routes of all tables.</summary>
    public IReadOnlyList<Route> Routes()
    {
        var routes = new List<Route>();
        _socket.Dump(Query(NetlinkMessage.GetRoute, NetlinkMessage.RoutePart()), "list the routes", payload =>
        {
            if (payload[0] != 2)
            {
                return;
            }

            var attributes = NetlinkSocket.Attributes(payload, 12);
            var destination = attributes.TryGetValue(1, out var bytes) && bytes.Length == 4 ? new IPAddress(bytes) : IPAddress.Any;
            var index = attributes.TryGetValue(4, out var oif) ? MemoryMarshal.Read<int>(oif) : 0;
            var table = attributes.TryGetValue(15, out var number) ? MemoryMarshal.Read<int>(number) : payload[4];
            routes.Add(new(Ranges.Around(destination, payload[1]), index, table, payload[7]));
        });
        return routes;
    }

    public void Dispose() => _socket.Dispose();

    private static NetlinkMessage Change(ushort type, byte[] fixedPart, int flags = 0) =>
        new(type, (ushort)(NetlinkMessage.Request | NetlinkMessage.Acknowledge | flags), fixedPart);

    private static NetlinkMessage Query(ushort type, byte[] fixedPart) => new(type, NetlinkMessage.Request | NetlinkMessage.Dump, fixedPart);
}
