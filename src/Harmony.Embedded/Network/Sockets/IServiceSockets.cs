using System.Net;
using System.Net.Sockets;

namespace Harmony.Embedded.Network.Sockets;

/// <summary>Binds sockets to addresses of the Services' range, wherever that lives on this machine.</summary>
internal interface IServiceSockets
{
    /// <summary>A bound socket: for TCP, listening.</summary>
    /// <exception cref="SocketException">The address is taken or not bindable.</exception>
    Socket Bind(IPEndPoint endPoint, ProtocolType protocol);
}

/// <summary>Sockets on the machine's own addresses.</summary>
internal sealed class HostSockets : IServiceSockets
{
    public Socket Bind(IPEndPoint endPoint, ProtocolType protocol) => Open(endPoint, protocol);

    internal static Socket Open(IPEndPoint endPoint, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, protocol is ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        try
        {
            socket.Bind(endPoint);
            if (protocol is ProtocolType.Tcp)
            {
                socket.Listen(1024);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
