using System.Net.Sockets;
using Harmony.Embedded.Network;
using Harmony.Embedded.Network.Linux;
using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Node;

/// <summary>Makes sockets that live in a pod's network. A socket stays in the network it was made in, whatever thread uses it afterwards.</summary>
internal static class PodSocket
{
    /// <param name="networkNamespace">The path of the pod's network namespace.</param>
    /// <exception cref="ContainerException">The namespace is gone, or may not be entered.</exception>
    public static async Task<Socket> CreateAsync(string networkNamespace)
    {
        try
        {
            return await NetworkNamespace.RunAsync(networkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        }
        catch (NetworkException e)
        {
            throw new ContainerException(ContainerError.NotFound, e.Message, e.Hint, e);
        }
    }
}
