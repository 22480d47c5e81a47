using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Controllers;

/// <summary>An API in memory with what controllers rely on: versions, generations, conflicts, finalizers, graceful deletion, watches.</summary>
internal sealed class FakeCluster(TimeProvider time) : IClusterClient
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, (ApiResource Resource, string Json)> objects = new(StringComparer.Ordinal);
    private readonly List<(string Resource, ChannelWriter<WatchEvent> Writer)> watchers = [];
    private readonly List<TaskCompletionSource> waiters = [];
    private long version = 100;
    private int names;

    /// <summary>What admission says to a new object: null, or a refusal.</summary>
    public Func<ApiResource, JsonObject, ApiException?>? Refuse { get; set; }

    public int Writes { get; private set; }

    public JsonObject? Get(ApiResource resource, string? ns, string name)
    {
        lock (gate)
        {
            return objects.TryGetValue(Key(resource, ns, name), out var found) ? Parse(found.Json) : null;
        }
    }

    public IReadOnlyList<JsonObject> List(ApiResource resource, string? ns = null, LabelSelector? labels = null)
    {
        lock (gate)
        {
            var prefix = ns is null ? $"{resource.Name}|" : $"{resource.Name}|{ns}/";
            return [.. objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(o => Parse(o.Value.Json)).Where(o => labels?.Matches(o) != false)];
        }
    }

    public async Task<JsonObject> CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation)
    {
        await Task.Yield();
        lock (gate)
        {
            var created = Parse(obj.ToJsonString());
            if (created.Name.Length == 0)
            {
                created.Metadata["name"] = $"{created.Metadata.Text("generateName")}{++names:x5}";
            }

            if (Refuse?.Invoke(resource, created) is { } refusal)
            {
                throw refusal;
            }

            if (objects.ContainsKey(Key(resource, created.Namespace, created.Name)))
            {
                throw new ApiException(409, "AlreadyExists", $"{resource.Name} \"{created.Name}\" already exists");
            }

            created.Metadata["uid"] = Guid.NewGuid().ToString();
            created.Metadata["creationTimestamp"] = Timestamps.Format(time.GetUtcNow());
            created.Metadata["generation"] = 1;
            if (resource == BuiltInResources.Pods)
            {
                created["status"] ??= new JsonObject { ["phase"] = "Pending" };
            }

            return Store(resource, created, WatchEventType.Added);
        }
    }

    public async Task<JsonObject> UpdateAsync(ApiResource resource, JsonObject obj, string? subresource, CancellationToken cancellation)
    {
        await Task.Yield();
        lock (gate)
        {
            var stored = Get(resource, obj.Namespace, obj.Name) ?? throw NotFound(resource, obj.Name);
            if (obj.ResourceVersion.Length > 0 && obj.ResourceVersion != stored.ResourceVersion)
            {
                throw new ApiException(409, "Conflict", $"Operation cannot be fulfilled on {resource.Name} \"{obj.Name}\": the object has been modified");
            }

            var changed = Parse(stored.ToJsonString());
            switch (subresource)
            {
                case "status":
                    changed["status"] = obj["status"]?.DeepClone();
                    break;
                case "binding":
                    changed.Child("spec")["nodeName"] = obj.At("spec", "nodeName").AsText();
                    Conditions.Set(changed.Child("status"), Conditions.New("PodScheduled", "True", "", "", Timestamps.Format(time.GetUtcNow())));
                    break;
                case "finalize":
                    changed.Child("spec")["finalizers"] = obj.At("spec", "finalizers")?.DeepClone();
                    break;
                default:
                    changed = Parse(obj.ToJsonString());
                    changed["status"] = stored["status"]?.DeepClone();
                    if (changed["status"] is null)
                    {
                        changed.Remove("status");
                    }

                    foreach (var kept in (string[])["uid", "creationTimestamp", "deletionTimestamp", "generation", "resourceVersion"])
                    {
                        changed.Metadata.Remove(kept);
                        if (stored.Metadata[kept] is { } value)
                        {
                            changed.Metadata[kept] = value.DeepClone();
                        }
                    }

                    if (!JsonNode.DeepEquals(changed["spec"], stored["spec"]))
                    {
                        changed.Metadata["generation"] = stored.Generation + 1;
                    }

                    break;
            }

            if (changed.IsBeingDeleted && !Held(resource, changed))
            {
                Remove(resource, changed);
                return changed;
            }

            return JsonNode.DeepEquals(changed, stored) ? stored : Store(resource, changed, WatchEventType.Modified);
        }
    }

    public async Task DeleteAsync(ApiResource resource, string? ns, string name, DeleteOptions options, CancellationToken cancellation)
    {
        await Task.Yield();
        lock (gate)
        {
            var stored = Get(resource, ns, name) ?? throw NotFound(resource, name);
            if (options.Uid is { } uid && uid != stored.Uid)
            {
                throw new ApiException(409, "Conflict", "the UID in the precondition does not match");
            }

            if (options.PropagationPolicy is "Foreground" or "Orphan" && !stored.IsBeingDeleted)
            {
                stored.Metadata.List("finalizers").Add((JsonNode)(options.PropagationPolicy == "Orphan" ? "orphan" : "foregroundDeletion"));
            }

            var graceful = resource == BuiltInResources.Pods && stored.NodeName is not null && !stored.IsTerminal && options.GracePeriodSeconds != 0;
            if (graceful || Held(resource, stored))
            {
                if (!stored.IsBeingDeleted)
                {
                    stored.Metadata["deletionTimestamp"] = Timestamps.Format(time.GetUtcNow());
                    if (resource == BuiltInResources.Namespaces)
                    {
                        stored.Child("status")["phase"] = "Terminating";
                    }

                    Store(resource, stored, WatchEventType.Modified);
                }
                else if (!graceful && resource == BuiltInResources.Pods)
                {
                    // The node has ended it; only finalizers hold it now.
                    stored.Child("status")["phase"] = stored.IsTerminal ? stored.Phase : "Failed";
                    Store(resource, stored, WatchEventType.Modified);
                }
            }
            else
            {
                Remove(resource, stored);
            }
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ApiResource resource, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateUnbounded<WatchEvent>();
        lock (gate)
        {
            foreach (var obj in List(resource))
            {
                channel.Writer.TryWrite(new(WatchEventType.Added, obj));
            }

            watchers.Add((resource.Name, channel.Writer));
        }

        await foreach (var change in channel.Reader.ReadAllAsync(cancellation))
        {
            yield return change;
        }
    }

    /// <summary>Returns when the condition holds, checked at every change; fails loudly when it does not come true.</summary>
    public async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (gate)
            {
                waiters.Add(changed);
            }

            if (condition())
            {
                return;
            }

            try
            {
                await changed.Task.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"Never came true: {what}\n{Describe()}", e);
            }
        }
    }

    public string Describe()
    {
        lock (gate)
        {
            return string.Join('\n', objects.Where(o => !o.Key.StartsWith("events", StringComparison.Ordinal)).Select(o => $"{o.Key}: {o.Value.Json}"));
        }
    }

    private static string Key(ApiResource resource, string? ns, string name) => $"{resource.Name}|{ns}/{name}";

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static ApiException NotFound(ApiResource resource, string name) => new(404, "NotFound", $"{resource.Name} \"{name}\" not found");

    private static bool Held(ApiResource resource, JsonObject obj) =>
        obj.At("metadata", "finalizers").Items().Any() || (resource == BuiltInResources.Namespaces && obj.At("spec", "finalizers").Items().Any());

    private JsonObject Store(ApiResource resource, JsonObject obj, WatchEventType type)
    {
        obj.Metadata["resourceVersion"] = (++version).ToString(CultureInfo.InvariantCulture);
        var json = obj.ToJsonString();
        objects[Key(resource, obj.Namespace, obj.Name)] = (resource, json);
        Tell(resource, type, json);
        return Parse(json);
    }

    private void Remove(ApiResource resource, JsonObject obj)
    {
        obj.Metadata["resourceVersion"] = (++version).ToString(CultureInfo.InvariantCulture);
        objects.Remove(Key(resource, obj.Namespace, obj.Name));
        Tell(resource, WatchEventType.Deleted, obj.ToJsonString());
    }

    private void Tell(ApiResource resource, WatchEventType type, string json)
    {
        Writes++;
        foreach (var (name, writer) in watchers)
        {
            if (name == resource.Name)
            {
                writer.TryWrite(new(type, Parse(json)));
            }
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetResult();
        }

        waiters.Clear();
    }
}
