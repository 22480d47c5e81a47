namespace Harmony.Embedded.Storage;

/// <summary>The objects of one resource in memory, ordered by namespace and name, and its latest changes. Guarded by the store's lock.</summary>
internal sealed class ResourceTable
{
    /// <summary>How many changes are remembered for watches that begin in the past.</summary>
    internal const int HistoryLength = 1024;

    private readonly SortedDictionary<string, SortedDictionary<string, StoredObject>> namespaces = new(StringComparer.Ordinal);
    private readonly Queue<StoredChange> history = new();

    public int Count { get; private set; }

    /// <summary>The revision after which every change is still in the history.</summary>
    public long HistoryStart { get; set; }

    public List<Subscription> Subscriptions { get; } = [];

    public StoredObject? Find(string ns, string name) =>
        namespaces.TryGetValue(ns, out var objects) && objects.TryGetValue(name, out var found) ? found : null;

    public void Put(StoredObject obj)
    {
        if (!namespaces.TryGetValue(obj.Key.Namespace, out var objects))
        {
            namespaces[obj.Key.Namespace] = objects = new(StringComparer.Ordinal);
        }

        if (!objects.ContainsKey(obj.Key.Name))
        {
            Count++;
        }

        objects[obj.Key.Name] = obj;
    }

    public void Remove(ObjectKey key)
    {
        if (namespaces.TryGetValue(key.Namespace, out var objects) && objects.Remove(key.Name))
        {
            Count--;
            if (objects.Count == 0)
            {
                namespaces.Remove(key.Namespace);
            }
        }
    }

    /// <summary>A snapshot of one namespace, or of all where it is null.</summary>
    public StoredObject[] Snapshot(string? ns) =>
        ns is not null ? namespaces.TryGetValue(ns, out var objects) ? [.. objects.Values] : []
        : [.. namespaces.Values.SelectMany(o => o.Values)];

    /// <summary>The same as it was at a revision, by undoing what changed since; null where some of that is forgotten.</summary>
    public StoredObject[]? SnapshotAt(string? ns, long revision)
    {
        if (revision < HistoryStart)
        {
            return null;
        }

        var before = new Dictionary<ObjectKey, StoredObject?>();
        foreach (var change in ChangesAfter(revision))
        {
            if (ns is null || change.Object.Key.Namespace == ns)
            {
                before.TryAdd(change.Object.Key, change.Previous);
            }
        }

        return before.Count == 0 ? Snapshot(ns) :
        [
            .. Snapshot(ns).Where(o => !before.ContainsKey(o.Key)).Concat(before.Values.OfType<StoredObject>())
                .OrderBy(o => o.Key.Namespace, StringComparer.Ordinal).ThenBy(o => o.Key.Name, StringComparer.Ordinal),
        ];
    }

    public void Remember(StoredChange change)
    {
        history.Enqueue(change);
        if (history.Count > HistoryLength)
        {
            HistoryStart = history.Dequeue().Revision;
        }

        foreach (var subscription in Subscriptions)
        {
            subscription.Offer(change);
        }
    }

    public IEnumerable<StoredChange> ChangesAfter(long revision) => history.Where(c => c.Revision > revision);
}
