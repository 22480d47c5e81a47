namespace Harmony.Orchestration.Access;

/// <summary>Carries bytes both ways between two streams.</summary>
internal static class Relay
{
    /// <summary>Returns when the remote side has ended, or when the local one has and nothing comes any more. Broken streams count as ended.</summary>
    /// <param name="endOfRemote">Tells the local side that nothing more will come, while it may still be sending.</param>
    /// <param name="linger">
    /// How long the remote side may be silent once the local one has ended. Whether that has closed its connection or only its own direction cannot be
    /// told, and a port-forward has no half-close to hand on: without a bound, a database would keep the sessions of clients that are long gone.
    /// </param>
    public static async Task RunAsync(Stream local, Stream remote, Action endOfRemote, TimeSpan linger, TimeProvider time, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var carried = 0L;
        var down = CopyAsync(remote, local, count => Interlocked.Add(ref carried, count), stop.Token);
        var up = CopyAsync(local, remote, _ => { }, stop.Token);
        try
        {
            if (await Task.WhenAny(down, up) == down)
            {
                // When the pod has ended, the rest of the request has nowhere to go.
                endOfRemote();
                return;
            }

            long before;
            do
            {
                before = Interlocked.Read(ref carried);
            }
            while (await Task.WhenAny(down, Task.Delay(linger, time, stop.Token)) != down && Interlocked.Read(ref carried) != before);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(down, up);
        }
    }

    private static async Task CopyAsync(Stream from, Stream to, Action<int> carried, CancellationToken cancellation)
    {
        try
        {
            var buffer = new byte[32 * 1024];
            int count;
            while ((count = await from.ReadAsync(buffer, cancellation)) > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await to.FlushAsync(cancellation);
                carried(count);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has gone.
        }
    }
}
