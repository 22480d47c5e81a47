namespace Harmony.Orchestration.Access;

/// <summary>Carries bytes both ways between two streams until both directions have ended.</summary>
internal static class Relay
{
    /// <param name="endOfRemote">Tells the local side that nothing more will come, while it may still be sending.</param>
    public static async Task RunAsync(Stream local, Stream remote, Action endOfRemote, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var down = CopyAsync(remote, local, stop.Token);
        var up = CopyAsync(local, remote, stop.Token);
        if (await Task.WhenAny(down, up) == down)
        {
            // A port-forward has no half-close towards the pod: when the pod has ended, the rest of the request has nowhere to go.
            await down;
            endOfRemote();
            await stop.CancelAsync();
        }
        else
        {
            await up;
            await down;
        }

        await Task.WhenAll(down, up).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellation)
    {
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer, cancellation)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
            await to.FlushAsync(cancellation);
        }
    }
}
