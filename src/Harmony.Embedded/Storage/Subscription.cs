using System.Threading.Channels;
using Harmony.Embedded.Api;

namespace Harmony.Embedded.Storage;

/// <summary>
/// The changes of one resource, in order, for one consumer. While the consumer is slow, later versions of an object replace earlier ones that it
/// has not seen (where it allows that), or the subscription ends as <see cref="Overflowed"/>: memory stays bounded either way.
/// </summary>
public sealed class Subscription : IDisposable
{
    /// <summary>How many changes may wait for a consumer that must see each.</summary>
    internal const int Capacity = 8192;

    private readonly Lock gate = new();
    private readonly LinkedList<StoredChange> pending = new();
    private readonly Dictionary<ObjectKey, LinkedListNode<StoredChange>>? latest;
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Action<Subscription> unsubscribe;
    private readonly ObjectStore store;

    internal Subscription(ObjectStore store, string resource, bool coalesce, Action<Subscription> unsubscribe)
    {
        this.store = store;
        Resource = resource;
        this.unsubscribe = unsubscribe;
        latest = coalesce ? [] : null;
    }

    public string Resource { get; }

    /// <summary>The consumer fell too far behind: what it has not read is lost, and it must list again.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The next change, or null when there was none for as long as <paramref name="patience"/>.</summary>
    public async ValueTask<StoredChange?> NextAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        if (TryTake(out var change))
        {
            return change;
        }

        if (patience == Timeout.InfiniteTimeSpan)
        {
            while (true)
            {
                await signal.Reader.ReadAsync(cancellation);
                if (TryTake(out change) || Overflowed)
                {
                    return change;
                }
            }
        }

        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            while (true)
            {
                await signal.Reader.ReadAsync(both.Token);
                if (TryTake(out change) || Overflowed)
                {
                    return change;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    public bool TryTake(out StoredChange? change)
    {
        lock (gate)
        {
            change = pending.First?.Value;
            if (change is null)
            {
                return false;
            }

            pending.RemoveFirst();
            if (latest is not null && latest.TryGetValue(change.Object.Key, out var node) && ReferenceEquals(node.Value, change))
            {
                latest.Remove(change.Object.Key);
            }

            return true;
        }
    }

    /// <summary>The revision up to which everything has been taken; null while changes wait.</summary>
    public long? CaughtUpRevision() => store.RevisionIf(() =>
    {
        lock (gate)
        {
            return pending.Count == 0;
        }
    });

    public void Dispose() => unsubscribe(this);

    internal void Offer(StoredChange change)
    {
        lock (gate)
        {
            if (latest is not null && change.Type == WatchEventType.Modified && latest.TryGetValue(change.Object.Key, out var node)
                && node.Value.Type != WatchEventType.Deleted)
            {
                node.Value = node.Value with { Revision = change.Revision, Object = change.Object };
            }
            else if (latest is null && pending.Count >= Capacity)
            {
                Overflowed = true;
                pending.Clear();
            }
            else if (!Overflowed)
            {
                node = pending.AddLast(change);
                latest?[change.Object.Key] = node;
            }
        }

        signal.Writer.TryWrite(true);
    }
}
