using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// The cluster as the controllers see it: one cache a kind, filled by one watch, and writes whose outcome is in the cache when they return, so that
/// no controller acts twice on what it has just done (kube-controller-manager needs "expectations" for the same).
/// </summary>
internal sealed class ClusterView(IClusterClient client)
{
    private readonly Dictionary<string, ObjectCache> caches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CancellationTokenSource> late = new(StringComparer.Ordinal);

    /// <summary>The cache of a kind. Ask for all that are needed before <see cref="RunAsync"/>.</summary>
    public ObjectCache Of(ApiResource resource)
    {
        if (!caches.TryGetValue(resource.Name, out var cache))
        {
            caches[resource.Name] = cache = new(resource) { ByLabels = resource == BuiltInResources.Pods };
        }

        return cache;
    }

    /// <summary>Begins to watch a kind that came while everything runs (a custom one).</summary>
    public async Task FollowAsync(ObjectCache cache, CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late[cache.Resource.Name] = stopping;
        try
        {
            await WatchAsync(cache, stopping.Token);
        }
        finally
        {
            late.Remove(cache.Resource.Name);
        }
    }

    /// <summary>The kind is gone, and with it all its objects.</summary>
    public void Forget(ApiResource resource)
    {
        if (late.TryGetValue(resource.Name, out var stopping))
        {
            stopping.Cancel();
        }

        if (caches.Remove(resource.Name, out var cache))
        {
            foreach (var obj in cache.All.ToList())
            {
                cache.Remove(obj);
            }
        }
    }

    /// <summary>Fills the caches, then calls <paramref name="synced"/>, then keeps them up to date until cancelled.</summary>
    public async Task RunAsync(Action synced, CancellationToken cancellation)
    {
        // Custom kinds join while the first watches are being opened; they are followed by themselves.
        var initial = caches.Values.ToList();
        var watches = initial.Select(cache => WatchAsync(cache, cancellation)).ToList();
        var listed = new List<(ObjectCache Cache, JsonObject Object)>();
        foreach (var cache in initial)
        {
            foreach (var obj in client.List(cache.Resource))
            {
                cache.Set(obj);
                listed.Add((cache, obj));
            }
        }

        synced();

        // What was listed in the instant before its watch began, and deleted then, would be known for ever.
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        foreach (var (cache, obj) in listed.Where(l => ReferenceEquals(l.Cache.Get(NamespacedName.Of(l.Object)), l.Object)))
        {
            Refresh(cache, obj);
        }

        listed.Clear();
        await await Task.WhenAny(watches);
        cancellation.ThrowIfCancellationRequested();
        throw new InvalidOperationException("A watch of the runtime's own ended.");
    }

    // API calls leave the loop: their own work must not hold up the other controllers.
    public async Task<JsonObject> CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation)
    {
        var created = await Task.Run(() => client.CreateAsync(resource, obj, cancellation), cancellation);
        Known(resource, created);
        return created;
    }

    public async Task<JsonObject> UpdateAsync(ApiResource resource, JsonObject obj, string? subresource, CancellationToken cancellation)
    {
        var updated = await Task.Run(() => client.UpdateAsync(resource, obj, subresource, cancellation), cancellation);
        Known(resource, updated);
        return updated;
    }

    /// <summary>Deletes an object if it is still the one that was seen; nothing happens where it is gone.</summary>
    public async Task DeleteAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation, string propagation = "Background", long? grace = null)
    {
        var options = new DeleteOptions { Uid = obj.Uid, PropagationPolicy = propagation, GracePeriodSeconds = grace };
        try
        {
            await Task.Run(() => client.DeleteAsync(resource, obj.Namespace, obj.Name, options, cancellation), cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
        }

        if (caches.TryGetValue(resource.Name, out var cache))
        {
            Refresh(cache, obj);
        }
    }

    /// <summary>
    /// Reads the object as it is now, lets <paramref name="change"/> change it, and writes it; again where somebody else was faster.
    /// Nothing is written when the change says false or the object, by its uid, is gone.
    /// </summary>
    public async Task<JsonObject?> ChangeAsync(
        ApiResource resource, JsonObject obj, Func<JsonObject, bool> change, CancellationToken cancellation, string? subresource = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (client.Get(resource, obj.Namespace, obj.Name) is not { } current || current.Uid != obj.Uid)
            {
                return null;
            }

            if (!change(current))
            {
                return current;
            }

            try
            {
                return await UpdateAsync(resource, current, subresource, cancellation);
            }
            catch (ApiException e) when (e.IsConflict && attempt < 5)
            {
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                return null;
            }
        }
    }

    public JsonObject? GetLive(ApiResource resource, string? ns, string name) => client.Get(resource, ns, name);

    public IReadOnlyList<JsonObject> ListLive(ApiResource resource, string? ns = null) => client.List(resource, ns);

    private async Task WatchAsync(ObjectCache cache, CancellationToken cancellation)
    {
        await foreach (var change in client.WatchAsync(cache.Resource, cancellation).WithCancellation(cancellation))
        {
            if (change.Type == WatchEventType.Deleted)
            {
                cache.Remove(change.Object);
            }
            else
            {
                cache.Set(change.Object);
            }
        }
    }

    private void Known(ApiResource resource, JsonObject obj)
    {
        if (caches.TryGetValue(resource.Name, out var cache))
        {
            // The caller keeps what it was given and may change it.
            cache.Set((JsonObject)obj.DeepClone());
        }
    }

    private void Refresh(ObjectCache cache, JsonObject obj)
    {
        if (client.Get(cache.Resource, obj.Namespace, obj.Name) is { } current && current.Uid == obj.Uid)
        {
            cache.Set(current);
        }
        else
        {
            cache.Remove(obj);
        }
    }
}
