using System.Threading.Channels;

namespace Harmony.Embedded.Storage;

/// <summary>
/// All objects of the cluster: read from memory, written to SQLite first. A write is acknowledged, and seen by anybody, only once it is in the
/// database's log, so it survives a kill of the process. One writer commits what waits in one transaction (group commit); each write names
/// the revision it expects (optimistic concurrency). Every change has a revision of its own, counted over all resources, never used twice.
/// </summary>
public sealed partial class ObjectStore : IAsyncDisposable
{
    /// <summary>How far the count jumps at each start, so that no revision that a client saw before a crash is ever given to another change.</summary>
    private const int RevisionsSkippedAtStart = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceTable> tables = new(StringComparer.Ordinal);
    private readonly Channel<PendingWrite> writes = Channel.CreateUnbounded<PendingWrite>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Database database;
    private readonly Task writer;
    private readonly long startRevision;
    private long revision;

    private ObjectStore(Database database)
    {
        this.database = database;
        revision = database.Revision;
        foreach (var obj in database.ReadAll())
        {
            Table(obj.Key.Resource).Put(obj);
            revision = Math.Max(revision, obj.Revision);
        }

        if (revision > 0)
        {
            revision += RevisionsSkippedAtStart;
        }

        startRevision = revision;
        foreach (var table in tables.Values)
        {
            table.HistoryStart = startRevision;
        }

        writer = Task.Run(WriteAsync);
    }

    /// <summary>Opens the database, or makes it where it is missing.</summary>
    /// <exception cref="EmbeddedException">It is damaged, too new, or cannot be opened; it is left as it is.</exception>
    public static ObjectStore Open(string path)
    {
        var opened = Database.Open(path);
        try
        {
            return new ObjectStore(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The revision of the last change.</summary>
    public long Revision
    {
        get
        {
            lock (gate)
            {
                return revision;
            }
        }
    }

    public StoredObject? Get(ObjectKey key)
    {
        lock (gate)
        {
            return tables.TryGetValue(key.Resource, out var table) ? table.Find(key.Namespace, key.Name) : null;
        }
    }

    /// <summary>The objects of a namespace (all where null), ordered by namespace and name, and the revision at which this is all there is.</summary>
    public (StoredObject[] Objects, long Revision) List(string resource, string? ns)
    {
        lock (gate)
        {
            return (tables.TryGetValue(resource, out var table) ? table.Snapshot(ns) : [], revision);
        }
    }

    /// <summary>The objects as they were at a revision; null where the changes since then are not all remembered.</summary>
    public StoredObject[]? ListAt(string resource, string? ns, long at)
    {
        lock (gate)
        {
            return Table(resource).SnapshotAt(ns, at);
        }
    }

    /// <summary>The resources that have objects.</summary>
    public IReadOnlyList<string> Resources
    {
        get
        {
            lock (gate)
            {
                return [.. tables.Where(t => t.Value.Count > 0).Select(t => t.Key)];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        writes.Writer.TryComplete();
        await writer;
        database.Dispose();
    }

    private ResourceTable Table(string resource)
    {
        if (!tables.TryGetValue(resource, out var table))
        {
            tables[resource] = table = new ResourceTable { HistoryStart = startRevision };
        }

        return table;
    }
}
