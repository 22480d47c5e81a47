using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Storage;

public sealed partial class ObjectStore
{
    /// <summary>How many writes share one transaction at most.</summary>
    private const int MaxBatch = 256;

    /// <summary>
    /// Writes the object (deletes it where <paramref name="replacement"/> is null) if it is still at the revision that the caller saw.
    /// The tree is the store's from now on: the caller must not touch it again.
    /// </summary>
    /// <param name="expected">The revision the caller saw; 0 where it saw no object.</param>
    /// <exception cref="EmbeddedException">The database cannot be written; nothing has changed.</exception>
    public async Task<CommitResult> CommitAsync(ObjectKey key, long expected, JsonObject? replacement, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var write = new PendingWrite(key, expected, replacement);
        if (!writes.Writer.TryWrite(write))
        {
            throw new EmbeddedException(EmbeddedError.DatabaseUnavailable, $"cannot write {key}: the embedded runtime is stopping");
        }

        return await write.Done.Task;
    }

    private async Task WriteAsync()
    {
        var batch = new List<PendingWrite>();
        while (await writes.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaxBatch && writes.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            try
            {
                Commit(batch);
            }
            catch (Exception e)
            {
                var failure = e as EmbeddedException ?? Database.Failure("write to", database.Path, e);
                foreach (var write in batch)
                {
                    write.Done.TrySetException(failure);
                }
            }
        }
    }

    private void Commit(List<PendingWrite> batch)
    {
        var changes = new List<StoredChange>(batch.Count);
        var results = new CommitResult[batch.Count];
        var overlay = new Dictionary<ObjectKey, StoredObject?>();
        var next = Revision;
        for (var i = 0; i < batch.Count; i++)
        {
            var write = batch[i];
            if (!overlay.TryGetValue(write.Key, out var current))
            {
                current = Get(write.Key);
            }

            if ((current?.Revision ?? 0) != write.Expected || (current is null && write.Replacement is null))
            {
                results[i] = new(Committed: false, current);
                continue;
            }

            next++;
            var stored = Stamp(write.Key, next, write.Replacement ?? current!.ToTree());
            var type = write.Replacement is null ? WatchEventType.Deleted : current is null ? WatchEventType.Added : WatchEventType.Modified;
            changes.Add(new(type, next, stored, current));
            overlay[write.Key] = type == WatchEventType.Deleted ? null : stored;
            results[i] = new(Committed: true, stored);
        }

        if (changes.Count > 0)
        {
            database.Write(changes, next);
            Publish(changes, next);
        }

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Done.TrySetResult(results[i]);
        }
    }

    private void Publish(List<StoredChange> changes, long newRevision)
    {
        lock (gate)
        {
            revision = newRevision;
            foreach (var change in changes)
            {
                var table = Table(change.Object.Key.Resource);
                if (change.Type == WatchEventType.Deleted)
                {
                    table.Remove(change.Object.Key);
                }
                else
                {
                    table.Put(change.Object);
                }

                table.Remember(change);
            }
        }
    }

    private static StoredObject Stamp(ObjectKey key, long revision, JsonObject tree)
    {
        tree.Metadata["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture);
        return new StoredObject(key, revision, JsonLimits.ToUtf8(tree));
    }

    private sealed record PendingWrite(ObjectKey Key, long Expected, JsonObject? Replacement)
    {
        public TaskCompletionSource<CommitResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
