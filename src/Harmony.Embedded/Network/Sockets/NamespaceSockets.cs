using System.Net;
using System.Net.Sockets;
using Harmony.Embedded.Network.Linux;

namespace Harmony.Embedded.Network.Sockets;

/// <summary>Sockets in the Services' network namespace. A socket stays where it was made, and is used from everywhere like any other.</summary>
internal sealed class NamespaceSockets(string path) : IServiceSockets
{
    public Socket Bind(IPEndPoint endPoint, ProtocolType protocol) =>
        NetworkNamespace.RunAsync(path, () => HostSockets.Open(endPoint, protocol)).GetAwaiter().GetResult();
}
