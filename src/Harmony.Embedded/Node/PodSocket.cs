using System.Net.Sockets;
using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Node;

/// <summary>Makes sockets that live in a pod's network. A socket stays in the network it was made in, whatever thread uses it afterwards.</summary>
internal static class PodSocket
{
    /// <param name="networkNamespace">The path of the pod's network namespace.</param>
    /// <exception cref="ContainerException">The namespace is gone, or may not be entered.</exception>
    public static Task<Socket> CreateAsync(string networkNamespace)
    {
        var made = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);

        // A thread of its own that ends with it: the thread pool's must not be left in another network.
        new Thread(() =>
        {
            var descriptor = Libc.Open(networkNamespace, Libc.ReadOnly | Libc.CloseOnExec);
            try
            {
                if (descriptor < 0 || Libc.SetNamespace(descriptor, Libc.NewNetwork) != 0)
                {
                    made.SetException(new ContainerException(ContainerError.NotFound, $"entering the network namespace {networkNamespace}: {Libc.LastError}"));
                    return;
                }

                made.SetResult(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            }
            catch (SocketException e)
            {
                made.SetException(e);
            }
            finally
            {
                if (descriptor >= 0)
                {
                    _ = Libc.Close(descriptor);
                }
            }
        })
        {
            IsBackground = true,
            Name = "pod-socket",
        }.Start();
        return made.Task;
    }
}
