using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Harmony.Embedded.Network.Linux;

namespace Harmony.Embedded.Network.Sockets;

/// <summary>
/// Sockets in the Services' network namespace. A socket stays where it was made, so one thread that lives in there makes them all; they are used from
/// everywhere like any other.
/// </summary>
internal sealed class NamespaceSockets : IServiceSockets, IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    private NamespaceSockets()
    {
    }

    /// <exception cref="NetworkException">The namespace cannot be entered.</exception>
    public static async Task<NamespaceSockets> OpenAsync(string path)
    {
        var sockets = new NamespaceSockets();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => sockets.Live(path, entered), 256 * 1024) { IsBackground = true, Name = "service sockets" }.Start();
        await entered.Task;
        return sockets;
    }

    public Socket Bind(IPEndPoint endPoint, ProtocolType protocol)
    {
        Socket? socket = null;
        ExceptionDispatchInfo? error = null;
        using var done = new ManualResetEventSlim();
        _work.Add(() =>
        {
            try
            {
                socket = HostSockets.Open(endPoint, protocol);
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }

            done.Set();
        });
        done.Wait(CancellationToken.None);
        error?.Throw();
        return socket!;
    }

    public void Dispose() => _work.CompleteAdding();

    private void Live(string path, TaskCompletionSource entered)
    {
        try
        {
            NetworkNamespace.Enter(path);
            entered.SetResult();
        }
        catch (Exception e)
        {
            entered.SetException(e);
            return;
        }

        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }

        _work.Dispose();
    }
}
