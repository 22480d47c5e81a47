using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>
/// A cluster in memory: objects, watches, scripted logs, ports of pods that lead to listeners of the test. It has no controllers; <see cref="OnWrite"/>
/// may play them.
/// </summary>
internal sealed partial class FakeKubernetes : IKubernetesApi
{
    private static readonly HashSet<string> Global = ["Namespace", "CustomResourceDefinition", "StorageClass", "ClusterRole"];

    private readonly Lock gate = new();
    private readonly Dictionary<(string Group, string Kind, string? Namespace, string Name), JsonObject> objects = [];
    private int version;
    private int uid;

    private FakeKubernetes()
    {
    }

    /// <summary>An empty cluster. It holds nothing that would have to be disposed of.</summary>
    public static FakeKubernetes Create() => new();

    public Uri Address { get; } = new("https://fake.invalid:6443");

    /// <summary>Kinds that this cluster does not serve.</summary>
    public HashSet<string> UnknownKinds { get; } = [];

    /// <summary>Names whose deletion does not end, as a finalizer holds them.</summary>
    public ConcurrentDictionary<string, bool> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>What to answer instead of doing it: asked with the verb, the kind and the name.</summary>
    public Func<string, string, string, KubernetesException?> Refusal { get; set; } = (_, _, _) => null;

    /// <summary>Warnings by the name of the object applied.</summary>
    public Dictionary<string, string> Warnings { get; } = [];

    /// <summary>Plays the controllers: may change an object that is just being written.</summary>
    public Action<JsonObject> OnWrite { get; set; } = _ => { };

    /// <summary>Every request, as <c>verb Kind/name</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public bool IsDisposed { get; private set; }

    public JsonObject Put(JsonObject obj)
    {
        lock (gate)
        {
            var key = KeyOf(obj);
            objects.TryGetValue(key, out var before);
            var stored = obj.DeepClone().AsObject();
            stored.Metadata["uid"] = before?.Uid ?? (stored.Uid is { Length: > 0 } given ? given : $"uid-{++uid}");
            stored.Metadata["resourceVersion"] = $"{++version}";
            OnWrite(stored);
            objects[key] = stored;
            Tell(before is null ? KubernetesEventType.Added : KubernetesEventType.Modified, stored);
            return stored.DeepClone().AsObject();
        }
    }

    public void Remove(GroupVersionKind kind, string? ns, string name)
    {
        lock (gate)
        {
            if (objects.Remove((kind.Group, kind.Kind, ns, name), out var gone))
            {
                Tell(KubernetesEventType.Deleted, gone);
            }
        }
    }

    public JsonObject? Find(string kind, string name)
    {
        lock (gate)
        {
            return objects.FirstOrDefault(o => o.Key.Kind == kind && o.Key.Name == name).Value?.DeepClone().AsObject();
        }
    }

    public Task<string> GetVersionAsync(CancellationToken cancellation) => Task.FromResult("v1.36.0");

    public Task<ResourceDescription?> FindResourceAsync(GroupVersionKind kind, CancellationToken cancellation) =>
        Task.FromResult(UnknownKinds.Contains(kind.Kind) ? null
            : new ResourceDescription(kind with { Version = kind.Version.Length == 0 ? "v1" : kind.Version }, kind.Kind.ToLowerInvariant() + "s", !Global.Contains(kind.Kind), ["list", "watch"]));

    public Task<JsonObject?> GetAsync(GroupVersionKind kind, string? ns, string name, CancellationToken cancellation)
    {
        Ask("get", kind, name, cancellation);
        lock (gate)
        {
            return Task.FromResult(objects.GetValueOrDefault((kind.Group, kind.Kind, NamespaceOf(kind, ns), name))?.DeepClone().AsObject());
        }
    }

    public Task<KubernetesList> ListAsync(GroupVersionKind kind, string? ns, string? labelSelector, CancellationToken cancellation)
    {
        Ask("list", kind, "", cancellation);
        lock (gate)
        {
            return Task.FromResult(new KubernetesList([.. Matching(kind, ns, labelSelector).Select(o => o.DeepClone().AsObject())], $"{version}"));
        }
    }

    public Task<JsonObject> CreateAsync(JsonObject obj, CancellationToken cancellation)
    {
        Ask("create", obj.GroupVersionKind, obj.Name, cancellation);
        lock (gate)
        {
            return objects.ContainsKey(KeyOf(obj))
                ? throw new KubernetesException(KubernetesError.AlreadyExists, $"{obj.Kind} {obj.Name} already exists") { HttpStatus = 409 }
                : Task.FromResult(Put(obj));
        }
    }

    public Task<ApplyResult> ApplyAsync(JsonObject obj, bool dryRun, CancellationToken cancellation)
    {
        Ask("apply", obj.GroupVersionKind, obj.Name, cancellation);
        lock (gate)
        {
            var before = objects.GetValueOrDefault(KeyOf(obj));
            var merged = before?.DeepClone().AsObject() ?? [];
            Merge(merged, obj);
            var warnings = Warnings.TryGetValue(obj.Name, out var warning) ? new[] { warning } : [];
            return Task.FromResult(before is not null && JsonNode.DeepEquals(before, merged)
                ? new ApplyResult(ApplyOutcome.Unchanged, merged) { Warnings = warnings }
                : new ApplyResult(before is null ? ApplyOutcome.Created : ApplyOutcome.Configured, Put(merged)) { Warnings = warnings });
        }
    }

    public Task<JsonObject> PatchAsync(GroupVersionKind kind, string? ns, string name, JsonObject patch, CancellationToken cancellation) =>
        throw new NotSupportedException("Nothing here patches.");

    public Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, CancellationToken cancellation) =>
        DeleteAsync(kind, ns, name, propagation, null, cancellation);

    public Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, string? uid, CancellationToken cancellation)
    {
        Ask("delete", kind, name, cancellation);
        lock (gate)
        {
            var key = (kind.Group, kind.Kind, NamespaceOf(kind, ns), name);
            if (!objects.TryGetValue(key, out var obj) || (uid is not null && obj.Uid != uid))
            {
                return Task.FromResult(false);
            }

            if (Held.ContainsKey(name))
            {
                obj.Metadata["deletionTimestamp"] = "2024-11-23T00:00:00Z";
                return Task.FromResult(true);
            }

            Remove(kind, key.Item3, name);
            foreach (var within in kind.Kind == "Namespace" ? objects.Keys.Where(k => k.Namespace == name).ToList() : [])
            {
                Remove(new(within.Group, "v1", within.Kind), within.Namespace, within.Name);
            }

            return Task.FromResult(true);
        }
    }

    public Task<int> ExecAsync(string ns, string pod, ExecOptions options, CancellationToken cancellation) => throw new NotSupportedException("Nothing here runs commands.");

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private static (string Group, string Kind, string? Namespace, string Name) KeyOf(JsonObject obj) =>
        (obj.GroupVersionKind.Group, obj.Kind, NamespaceOf(obj.GroupVersionKind, obj.Namespace), obj.Name);

    private static string? NamespaceOf(GroupVersionKind kind, string? ns) => Global.Contains(kind.Kind) ? null : ns;

    /// <summary>Objects member by member, all else as it is given: as much of an apply as these tests need.</summary>
    private static void Merge(JsonObject into, JsonObject from)
    {
        foreach (var (name, value) in from)
        {
            if (value is JsonObject child)
            {
                Merge(into.Child(name), child);
            }
            else
            {
                into[name] = value?.DeepClone();
            }
        }
    }

    private IEnumerable<JsonObject> Matching(GroupVersionKind kind, string? ns, string? labelSelector)
    {
        var selector = labelSelector is null ? null : LabelSelector.Parse(labelSelector);
        return objects.Where(o => o.Key.Group == kind.Group && o.Key.Kind == kind.Kind && (ns is null || o.Key.Namespace is null || o.Key.Namespace == ns))
            .Select(o => o.Value).Where(o => selector?.Matches(o) ?? true).OrderBy(o => o.Name, StringComparer.Ordinal);
    }

    private void Ask(string verb, GroupVersionKind kind, string name, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Requests.Enqueue($"{verb} {kind.Kind}/{name}");
        if (Refusal(verb, kind.Kind, name) is { } refusal)
        {
            throw refusal;
        }
    }
}
