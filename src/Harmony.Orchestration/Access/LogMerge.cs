using System.Runtime.CompilerServices;

namespace Harmony.Orchestration.Access;

/// <summary>Makes one stream of many that are each in order of time, and holds no more than one line of each.</summary>
internal static class LogMerge
{
    public static async IAsyncEnumerable<LogLine> ByTimeAsync(IReadOnlyList<IAsyncEnumerable<LogLine>> logs, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sources = logs.Select(l => l.GetAsyncEnumerator(cancellation)).ToList();
        try
        {
            // A line without a time belongs to the one before it. Equal times keep the order of the sources.
            var heads = new PriorityQueue<int, (DateTimeOffset Time, int Source)>();
            var times = new DateTimeOffset[sources.Count];
            var moved = await Task.WhenAll(sources.Select(s => s.MoveNextAsync().AsTask()));
            for (var i = 0; i < sources.Count; i++)
            {
                Enqueue(i, moved[i]);
            }

            while (heads.TryDequeue(out var source, out _))
            {
                yield return sources[source].Current;
                Enqueue(source, await sources[source].MoveNextAsync());
            }

            void Enqueue(int source, bool hasLine)
            {
                if (hasLine)
                {
                    times[source] = sources[source].Current.Time ?? times[source];
                    heads.Enqueue(source, (times[source], source));
                }
            }
        }
        finally
        {
            foreach (var source in sources)
            {
                await source.DisposeAsync();
            }
        }
    }
}
