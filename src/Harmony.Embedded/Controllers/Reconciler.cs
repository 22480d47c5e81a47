using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// A controller: it looks at one key at a time, compares what is with what is asked for, and takes the next step. Its constructor subscribes to the
/// caches; all of it runs on the controllers' one loop, so between two awaits nothing changes under it.
/// </summary>
internal abstract class Reconciler : IDisposable
{
    /// <summary>Writes wait for the disk: this many keys may wait at once.</summary>
    private const int Parallelism = 32;

    private readonly WorkQueue queue;

    protected Reconciler(string name, ControllerContext context, int parallelism = Parallelism)
    {
        Name = name;
        Context = context;
        queue = new(name, context, parallelism, ReconcileAsync);
    }

    /// <summary>kube-controller-manager's name for it, which its events carry.</summary>
    public string Name { get; }

    protected ControllerContext Context { get; }

    protected ClusterView Cluster => Context.Cluster;

    protected DateTimeOffset Now => Context.Now;

    public virtual void Start() => queue.Start();

    public void Dispose()
    {
        queue.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task ReconcileAsync(NamespacedName key, CancellationToken cancellation);

    protected void Enqueue(NamespacedName key) => queue.Add(key);

    protected void Enqueue(JsonObject obj) => queue.Add(NamespacedName.Of(obj));

    protected void EnqueueAfter(NamespacedName key, TimeSpan wait) => queue.AddAfter(key, wait);

    /// <summary>
    /// Looking at a key costs as much as it has objects: with many, it is not looked at anew for each of them. Nothing waits below fifty.
    /// </summary>
    protected void Gather(NamespacedName key, int objects) =>
        queue.Rest(key, objects < 50 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(500, objects / 4)));

    /// <summary>The cache of a kind; its changes enqueue the changed objects themselves.</summary>
    protected ObjectCache Watched(ApiResource resource)
    {
        var cache = Cluster.Of(resource);
        cache.Changed += (old, current) => Enqueue((current ?? old)!);
        return cache;
    }

    /// <summary>The cache of a kind; its changes enqueue the objects of <paramref name="owners"/> that control the changed ones, before or after.</summary>
    protected ObjectCache Owned(ApiResource resource, ObjectCache owners)
    {
        var cache = Cluster.Of(resource);
        cache.Changed += (old, current) =>
        {
            var before = old is null ? null : OwnerIn(owners, old);
            var after = current is null ? null : OwnerIn(owners, current);
            if (before is not null)
            {
                Enqueue(before);
            }

            if (after is not null && !ReferenceEquals(before, after))
            {
                Enqueue(after);
            }
        };
        return cache;
    }

    /// <summary>The object of this kind that controls another one; null where none does, or where it was replaced by a namesake.</summary>
    protected static JsonObject? OwnerIn(ObjectCache owners, JsonObject obj) =>
        obj.Controller is { } reference
        && reference.Text("kind") == owners.Resource.Kind
        && GroupVersionKind.Of(reference.Text("apiVersion") ?? "", "").Group == owners.Resource.Group
        && owners.Get(obj.Namespace, reference.Text("name") ?? "") is { } owner
        && owner.Uid == reference.Text("uid")
            ? owner
            : null;

    /// <summary>Writes the status where it differs. A stale one is refused and tried again by the queue.</summary>
    protected async Task<JsonObject> UpdateStatusAsync(ApiResource resource, JsonObject obj, JsonObject status, CancellationToken cancellation)
    {
        if (JsonNode.DeepEquals(obj["status"], status))
        {
            return obj;
        }

        var changed = (JsonObject)obj.DeepClone();
        changed["status"] = status;
        return await Cluster.UpdateAsync(resource, changed, "status", cancellation);
    }
}
