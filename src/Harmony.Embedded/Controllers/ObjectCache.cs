using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// All objects of one kind, parsed once for all controllers and found by namespace, owner and label without a scan. Belongs to the controllers'
/// one loop: nothing here is safe elsewhere, and nobody changes a tree that is in it (clone first).
/// </summary>
internal sealed class ObjectCache(ApiResource resource)
{
    private const int MaxGone = 8192;
    private readonly Dictionary<NamespacedName, JsonObject> objects = [];
    private readonly Dictionary<string, Dictionary<NamespacedName, JsonObject>> buckets = new(StringComparer.Ordinal);
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly Queue<string> goneInOrder = new();

    /// <summary>An object appeared (no old one), changed, or vanished (no new one).</summary>
    public Action<JsonObject?, JsonObject?>? Changed { get; set; }

    public ApiResource Resource { get; } = resource;

    /// <summary>Whether labels are indexed as well; only for kinds that selectors choose from (pods).</summary>
    public bool ByLabels { get; init; }

    public int Count => objects.Count;

    public IEnumerable<JsonObject> All => objects.Values;

    public JsonObject? Get(NamespacedName key) => objects.GetValueOrDefault(key);

    public JsonObject? Get(string? ns, string name) => objects.GetValueOrDefault(new(ns ?? "", name));

    public IReadOnlyCollection<JsonObject> InNamespace(string ns) => Bucket($"ns|{ns}");

    /// <summary>The objects that the owner with this uid controls.</summary>
    public IReadOnlyCollection<JsonObject> ControlledBy(string uid) => Bucket($"ctl|{uid}");

    /// <summary>The objects of a namespace that nobody controls.</summary>
    public IReadOnlyCollection<JsonObject> Orphans(string ns) => Bucket($"ctl||{ns}");

    /// <summary>The objects of a namespace with all these labels, found by their rarest; empty for an empty map.</summary>
    public IEnumerable<JsonObject> Labelled(string ns, IReadOnlyDictionary<string, string> labels)
    {
        var rarest = labels.Select(l => Bucket($"l|{ns}|{l.Key}={l.Value}")).MinBy(b => b.Count) ?? [];
        return rarest.Where(o => labels.All(l => o.Label(l.Key) == l.Value));
    }

    /// <summary>Takes in what a watch or a write of our own has shown; older news than what is known is ignored.</summary>
    public void Set(JsonObject obj)
    {
        var key = NamespacedName.Of(obj);
        var known = objects.GetValueOrDefault(key);
        if (gone.Contains(obj.Uid) || (known is not null && Version(known) is var old && old > 0 && Version(obj) <= old))
        {
            return;
        }

        if (known is not null && known.Uid != obj.Uid)
        {
            Remove(known);
            known = null;
        }

        if (known is not null)
        {
            Unindex(key, known);
        }

        objects[key] = obj;
        foreach (var bucket in Buckets(obj))
        {
            if (!buckets.TryGetValue(bucket, out var members))
            {
                buckets[bucket] = members = [];
            }

            members[key] = obj;
        }

        Changed?.Invoke(known, obj);
    }

    /// <summary>The object is gone for good: its uid never comes back, however late older news of it arrives.</summary>
    public void Remove(JsonObject obj)
    {
        if (gone.Add(obj.Uid))
        {
            goneInOrder.Enqueue(obj.Uid);
            if (goneInOrder.Count > MaxGone)
            {
                gone.Remove(goneInOrder.Dequeue());
            }
        }

        var key = NamespacedName.Of(obj);
        if (objects.GetValueOrDefault(key) is { } known && known.Uid == obj.Uid)
        {
            objects.Remove(key);
            Unindex(key, known);
            Changed?.Invoke(known, null);
        }
    }

    private static long Version(JsonObject obj) =>
        long.TryParse(obj.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;

    private IReadOnlyCollection<JsonObject> Bucket(string name) => buckets.TryGetValue(name, out var members) ? members.Values : [];

    private void Unindex(NamespacedName key, JsonObject obj)
    {
        foreach (var bucket in Buckets(obj))
        {
            if (buckets.TryGetValue(bucket, out var members) && members.Remove(key) && members.Count == 0)
            {
                buckets.Remove(bucket);
            }
        }
    }

    private IEnumerable<string> Buckets(JsonObject obj)
    {
        var ns = obj.Namespace ?? "";
        yield return $"ns|{ns}";
        yield return obj.Controller?.Text("uid") is { } owner ? $"ctl|{owner}" : $"ctl||{ns}";
        if (ByLabels)
        {
            foreach (var (key, value) in obj.Labels)
            {
                yield return $"l|{ns}|{key}={value}";
            }
        }
    }
}
