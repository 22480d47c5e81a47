namespace Harmony.Embedded.Controllers;

/// <summary>
/// Does something many times, in batches of 1, 2, 4…: when what is asked for is refused (a quota, a broken template), it is refused once, not a
/// thousand times.
/// </summary>
internal static class SlowStart
{
    /// <summary>Returns what stopped it; null when all was done.</summary>
    public static async Task<Exception?> RunAsync(int count, Func<int, Task> action)
    {
        var batch = 1;
        for (var done = 0; done < count; batch *= 2)
        {
            var size = Math.Min(batch, count - done);
            var first = done;
            var tasks = Enumerable.Range(first, size).Select(action).ToList();
            done += size;
            Exception? failure = null;
            foreach (var task in tasks)
            {
                try
                {
                    await task;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    failure ??= e;
                }
            }

            if (failure is not null)
            {
                return failure;
            }
        }

        return null;
    }
}
