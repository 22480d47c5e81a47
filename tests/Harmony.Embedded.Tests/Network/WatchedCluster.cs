using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Tests.Network;

/// <summary>A cluster that is what the test puts into it, and remembers what is written to it.</summary>
internal sealed class WatchedCluster : IClusterClient
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Resource, string? Namespace, string Name), JsonObject> objects = [];
    private readonly List<(ApiResource Resource, Channel<WatchEvent> Channel)> watchers = [];

    public List<(ApiResource Resource, JsonObject Object, string? Subresource)> Written { get; } = [];

    public void Put(ApiResource resource, string json)
    {
        var obj = (JsonObject)JsonNode.Parse(json)!;
        lock (gate)
        {
            var key = (resource.Name, obj.Namespace, obj.Name);
            var type = objects.ContainsKey(key) ? WatchEventType.Modified : WatchEventType.Added;
            objects[key] = obj;
            Send(resource, type, obj);
        }
    }

    public void Remove(ApiResource resource, string ns, string name)
    {
        lock (gate)
        {
            if (objects.Remove((resource.Name, ns, name), out var obj))
            {
                Send(resource, WatchEventType.Deleted, obj);
            }
        }
    }

    public JsonObject? Get(ApiResource resource, string? ns, string name)
    {
        lock (gate)
        {
            return (JsonObject?)objects.GetValueOrDefault((resource.Name, ns, name))?.DeepClone();
        }
    }

    public IReadOnlyList<JsonObject> List(ApiResource resource, string? ns = null, LabelSelector? labels = null)
    {
        lock (gate)
        {
            return [.. objects.Where(o => o.Key.Resource == resource.Name && (ns is null || o.Key.Namespace == ns)).Select(o => (JsonObject)o.Value.DeepClone())];
        }
    }

    public Task<JsonObject> CreateAsync(ApiResource resource, JsonObject obj, CancellationToken cancellation) => UpdateAsync(resource, obj, null, cancellation);

    public Task<JsonObject> UpdateAsync(ApiResource resource, JsonObject obj, string? subresource, CancellationToken cancellation)
    {
        lock (gate)
        {
            Written.Add((resource, obj, subresource));
        }

        Put(resource, obj.ToJsonString());
        return Task.FromResult(obj);
    }

    public Task DeleteAsync(ApiResource resource, string? ns, string name, DeleteOptions options, CancellationToken cancellation)
    {
        Remove(resource, ns ?? "", name);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ApiResource resource, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateUnbounded<WatchEvent>();
        lock (gate)
        {
            foreach (var (key, obj) in objects.Where(o => o.Key.Resource == resource.Name))
            {
                channel.Writer.TryWrite(new(WatchEventType.Added, (JsonObject)obj.DeepClone()));
            }

            watchers.Add((resource, channel));
        }

        await foreach (var change in channel.Reader.ReadAllAsync(cancellation))
        {
            yield return change;
        }
    }

    public void PutService(string ns, string name, string spec) =>
        Put(BuiltInResources.Services, $$"""{"apiVersion":"v1","kind":"Service","metadata":{"namespace":"{{ns}}","name":"{{name}}"},"spec":{{spec}} }""");

    public void PutSlice(string ns, string service, string ports, params string[] endpoints) => Put(
        BuiltInResources.EndpointSlices,
        $$"""
        {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4",
         "metadata":{"namespace":"{{ns}}","name":"{{service}}-1","labels":{"kubernetes.io/service-name":"{{service}}"} },
         "ports":{{ports}},"endpoints":[{{string.Join(',', endpoints)}}]}
        """);

    public static string Endpoint(System.Net.IPAddress address, bool ready = true, string? hostName = null) =>
        $$$"""{"addresses":["{{{address}}}"],"conditions":{"ready":{{{(ready ? "true" : "false")}}}}{{{(hostName is null ? "" : $",\"hostname\":\"{hostName}\"")}}}}""";

    private void Send(ApiResource resource, WatchEventType type, JsonObject obj)
    {
        foreach (var (_, channel) in watchers.Where(w => w.Resource.Name == resource.Name))
        {
            channel.Writer.TryWrite(new(type, (JsonObject)obj.DeepClone()));
        }
    }
}
