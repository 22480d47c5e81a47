namespace Harmony.Embedded.Storage;

public sealed partial class ObjectStore
{
    /// <summary>What there is now, and every change after it.</summary>
    /// <param name="coalesce">Whether a slow consumer may miss all versions of an object but the last.</param>
    public (StoredObject[] Objects, long Revision, Subscription Changes) Subscribe(string resource, string? ns, bool coalesce)
    {
        lock (gate)
        {
            var table = Table(resource);
            return (table.Snapshot(ns), revision, Add(table, resource, coalesce));
        }
    }

    /// <summary>Every change after a revision; null where some of them are forgotten. <paramref name="oldest"/> is the oldest revision to begin from.</summary>
    public Subscription? SubscribeAfter(string resource, long after, out long oldest)
    {
        lock (gate)
        {
            var table = Table(resource);
            oldest = table.HistoryStart;
            if (after < oldest)
            {
                return null;
            }

            var subscription = Add(table, resource, coalesce: false);
            foreach (var change in table.ChangesAfter(after))
            {
                subscription.Offer(change);
            }

            return subscription;
        }
    }

    internal long? RevisionIf(Func<bool> condition)
    {
        lock (gate)
        {
            return condition() ? revision : null;
        }
    }

    private Subscription Add(ResourceTable table, string resource, bool coalesce)
    {
        var subscription = new Subscription(this, resource, coalesce, s =>
        {
            lock (gate)
            {
                table.Subscriptions.Remove(s);
            }
        });
        table.Subscriptions.Add(subscription);
        return subscription;
    }
}
