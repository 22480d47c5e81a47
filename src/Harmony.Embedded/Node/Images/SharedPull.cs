namespace Harmony.Embedded.Node.Images;

/// <summary>One pull that several wait for: it goes on as long as one of them does.</summary>
internal sealed class SharedPull
{
    private readonly CancellationTokenSource _stop;
    private readonly Lock _lock = new();
    private int _waiting = 1;

    public SharedPull(Func<CancellationToken, Task<Image>> pull, CancellationToken life)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(life);
        Result = Task.Run(() => pull(_stop.Token));
    }

    public Task<Image> Result { get; }

    /// <summary>Counts one more in; false where it has ended, or been given up.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_waiting == 0 || Result.IsCompleted)
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    public async Task<Image> WaitAsync(CancellationToken cancellation)
    {
        try
        {
            return await Result.WaitAsync(cancellation);
        }
        finally
        {
            bool last;
            lock (_lock)
            {
                last = --_waiting == 0;
            }

            if (last && !Result.IsCompleted)
            {
                await _stop.CancelAsync();
            }
        }
    }
}
