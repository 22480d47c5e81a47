using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Harmony.Kubernetes.Objects;
using Harmony.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Kubernetes.Tests;

/// <summary>
/// A small API server on loopback: objects in memory, apply as replacement, watches, and mishaps on demand. It knows ConfigMaps, Secrets,
/// Namespaces, PersistentVolumeClaims, Deployments, definitions, and Widgets once their definition is there.
/// </summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private static readonly (string Group, string Plural, string Kind, bool Namespaced)[] BuiltIn =
    [
        ("", "configmaps", "ConfigMap", true), ("", "secrets", "Secret", true), ("", "namespaces", "Namespace", false),
        ("", "persistentvolumeclaims", "PersistentVolumeClaim", true), ("apps", "deployments", "Deployment", true),
        ("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", false),
    ];

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<Channel<string>> watches = [];
    private readonly TemporaryFolder folder = new();
    private WebApplication? app;
    private int version = 100;
    private int forgotten;

    public string Address { get; private set; } = "";

    public KubernetesApi Api { get; private set; } = null!;

    /// <summary>Every request, as <c>VERB path</c> without the query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers to give before the real ones: the status and how often.</summary>
    public ConcurrentQueue<int> Mishaps { get; } = new();

    public bool Aggregated { get; set; } = true;

    public static async Task<FakeApiServer> StartAsync()
    {
        var server = new FakeApiServer();
        await server.ListenAsync(0);
        File.WriteAllText(server.folder.File("config"), $"current-context: t\nclusters:\n- name: t\n  cluster:\n    server: {server.Address}\ncontexts:\n- name: t\n  context:\n    cluster: t\n");
        server.Api = KubernetesApi.Connect(server.folder.File("config"));
        server.Put(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "shop" } });
        return server;
    }

    public JsonObject? Find(string kind, string name)
    {
        lock (gate)
        {
            return objects.Values.FirstOrDefault(o => o.Kind == kind && o.Name == name)?.DeepClone().AsObject();
        }
    }

    /// <summary>Stores an object as another client would.</summary>
    public void Put(JsonObject obj)
    {
        lock (gate)
        {
            Store(obj.DeepClone().AsObject());
        }
    }

    public void Remove(string kind, string name)
    {
        lock (gate)
        {
            var (key, obj) = objects.First(o => o.Value.Kind == kind && o.Value.Name == name);
            objects.Remove(key);
            Publish("DELETED", obj);
        }
    }

    /// <summary>Forgets all versions so far, as after a compaction: watches from them end in 410.</summary>
    public void Compact()
    {
        lock (gate)
        {
            forgotten = ++version;
        }

        BreakWatches();
    }

    public void BreakWatches()
    {
        lock (gate)
        {
            watches.ForEach(w => w.Writer.TryComplete());
            watches.Clear();
        }
    }

    public async Task RestartAsync(Func<Task> meanwhile)
    {
        var port = new Uri(Address).Port;
        BreakWatches();
        await app!.DisposeAsync();
        await meanwhile();
        await ListenAsync(port);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        BreakWatches();
        await app!.DisposeAsync();
        folder.Dispose();
    }

    private async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Urls.Add($"http://127.0.0.1:{port}");
        app.Run(ServeAsync);
        await app.StartAsync();
        Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    private List<(string Group, string Plural, string Kind, bool Namespaced)> Kinds()
    {
        lock (gate)
        {
            return [.. BuiltIn, .. objects.Values.Any(o => o.Kind == "CustomResourceDefinition") ? [("example.com", "widgets", "Widget", true)] : Array.Empty<(string, string, string, bool)>()];
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Requests.Enqueue($"{context.Request.Method} {path}");
        if (Mishaps.TryDequeue(out var mishap))
        {
            await AnswerAsync(context, mishap, Status(mishap, "ServiceUnavailable", "not now"));
            return;
        }

        var parts = path.Trim('/').Split('/');
        if (path is "/api" or "/apis")
        {
            await AnswerAsync(context, 200, Discovery(path == "/api", Aggregated));
            return;
        }

        var group = parts[0] == "api" ? "" : parts.ElementAtOrDefault(1) ?? "";
        var rest = parts[(parts[0] == "api" ? 2 : 3)..];
        if (rest.Length == 0)
        {
            await AnswerAsync(context, 200, ResourceList(group));
            return;
        }

        var ns = rest is ["namespaces", var n, _, ..] ? n : null;
        rest = ns is null ? rest : rest[2..];
        var kind = Kinds().FirstOrDefault(k => k.Group == group && k.Plural == rest[0]);
        if (kind.Kind is null)
        {
            await AnswerAsync(context, 404, Status(404, "NotFound", "the server could not find the requested resource"));
            return;
        }

        await ServeObjectsAsync(context, kind.Group, kind.Kind, kind.Plural, ns, rest.ElementAtOrDefault(1));
    }

    private async Task ServeObjectsAsync(HttpContext context, string group, string kind, string plural, string? ns, string? name)
    {
        var prefix = $"{group}/{plural}/{ns}";
        var selector = LabelSelector.Parse(context.Request.Query["labelSelector"].FirstOrDefault());
        if (name is null && context.Request.Query.ContainsKey("watch"))
        {
            await WatchAsync(context, kind, ns, selector);
            return;
        }

        var body = context.Request.ContentLength > 0 ? (await JsonNode.ParseAsync(context.Request.Body))!.AsObject() : [];
        var (code, answer) = Handle(context.Request.Method, kind, ns, name, prefix, selector, body);
        await AnswerAsync(context, code, answer);
    }

    private (int, JsonObject) Handle(string method, string kind, string? ns, string? name, string prefix, LabelSelector selector, JsonObject body)
    {
        lock (gate)
        {
            var key = $"{prefix}/{name}";
            var existing = objects.GetValueOrDefault(key);
            switch (method)
            {
                case "GET" when name is null:
                    var items = objects.Values.Where(o => o.Kind == kind && (ns is null || o.Namespace == ns) && selector.Matches(o));
                    return (200, new() { ["kind"] = "List", ["metadata"] = new JsonObject { ["resourceVersion"] = $"{version}" }, ["items"] = new JsonArray([.. items.Select(i => i.DeepClone())]) });
                case "PATCH":
                    if (kind == "Deployment" && existing is not null && !JsonNode.DeepEquals(existing.At("spec", "selector"), body.At("spec", "selector")))
                    {
                        return (422, Status(422, "Invalid", $"Deployment.apps \"{name}\" is invalid: spec.selector: Invalid value: field is immutable"));
                    }

                    return body.At("data", "refuse") is not null ? (422, Status(422, "Invalid", "refused for the test")) : (existing is null ? 201 : 200, Apply(existing, body));
                case "GET" or "DELETE" when existing is null:
                    return (404, Status(404, "NotFound", $"{name} not found"));
                case "GET":
                    return (200, existing!.DeepClone().AsObject());
                case "DELETE":
                    if (body.At("preconditions", "uid").AsText() is { } uid && uid != existing!.Uid)
                    {
                        return (409, Status(409, "Conflict", "Precondition failed: UID in precondition"));
                    }

                    objects.Remove(key);
                    Publish("DELETED", existing!);
                    return (200, Status(200, "", "deleted"));
                default:
                    return (405, Status(405, "MethodNotAllowed", method));
            }
        }
    }

    private JsonObject Apply(JsonObject? existing, JsonObject body)
    {
        var fields = body.DeepClone().AsObject();
        if (existing is not null && existing.At("fake").AsText() == fields.ToJsonString())
        {
            return existing.DeepClone().AsObject();
        }

        var obj = body.DeepClone().AsObject();
        obj["fake"] = fields.ToJsonString();
        if (existing is not null)
        {
            obj.Metadata["uid"] = existing.Uid;
        }

        if (obj.Kind == "CustomResourceDefinition")
        {
            obj["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
        }

        Store(obj);
        return obj.DeepClone().AsObject();
    }

    private void Store(JsonObject obj)
    {
        var kind = Kinds().First(k => k.Kind == obj.Kind);
        var key = $"{kind.Group}/{kind.Plural}/{obj.Namespace}/{obj.Name}";
        obj.Metadata["resourceVersion"] = $"{++version}";
        obj.Metadata["uid"] ??= Guid.NewGuid().ToString();
        Publish(objects.ContainsKey(key) ? "MODIFIED" : "ADDED", obj);
        objects[key] = obj;
    }

    private void Publish(string type, JsonObject obj)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = obj.DeepClone() }.ToJsonString();
        watches.ForEach(w => w.Writer.TryWrite(line));
    }

    private async Task WatchAsync(HttpContext context, string kind, string? ns, LabelSelector selector)
    {
        var channel = Channel.CreateUnbounded<string>();
        lock (gate)
        {
            var from = int.Parse(context.Request.Query["resourceVersion"].First()!, CultureInfo.InvariantCulture);
            if (from < forgotten)
            {
                channel.Writer.TryWrite(new JsonObject { ["type"] = "ERROR", ["object"] = Status(410, "Expired", "too old resource version") }.ToJsonString());
                channel.Writer.TryComplete();
            }
            else
            {
                foreach (var obj in objects.Values.Where(o => int.Parse(o.ResourceVersion, CultureInfo.InvariantCulture) > from))
                {
                    channel.Writer.TryWrite(new JsonObject { ["type"] = "MODIFIED", ["object"] = obj.DeepClone() }.ToJsonString());
                }

                watches.Add(channel);
            }
        }

        await context.Response.Body.FlushAsync();
        await foreach (var line in channel.Reader.ReadAllAsync(context.RequestAborted))
        {
            var obj = JsonNode.Parse(line)!["object"]!.AsObject();
            if (obj.Kind == "Status" || (obj.Kind == kind && (ns is null || obj.Namespace == ns) && selector.Matches(obj)))
            {
                await context.Response.WriteAsync(line + "\n");
                await context.Response.Body.FlushAsync();
            }
        }
    }

    private JsonObject Discovery(bool core, bool aggregated)
    {
        var groups = Kinds().Where(k => k.Group.Length == 0 == core).GroupBy(k => k.Group);
        return aggregated
            ? new()
            {
                ["kind"] = "APIGroupDiscoveryList",
                ["items"] = new JsonArray([.. groups.Select(g => (JsonNode)new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = g.Key },
                    ["versions"] = new JsonArray(new JsonObject
                    {
                        ["version"] = "v1",
                        ["resources"] = new JsonArray([.. g.Select(k => (JsonNode)new JsonObject
                        {
                            ["resource"] = k.Plural, ["scope"] = k.Namespaced ? "Namespaced" : "Cluster", ["verbs"] = new JsonArray("get", "list"),
                            ["responseKind"] = new JsonObject { ["group"] = "", ["version"] = "", ["kind"] = k.Kind },
                        })]),
                    }),
                })]),
            }
            : core ? new() { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") }
            : new()
            {
                ["kind"] = "APIGroupList",
                ["groups"] = new JsonArray([.. groups.Select(g => (JsonNode)new JsonObject { ["name"] = g.Key, ["versions"] = new JsonArray(new JsonObject { ["version"] = "v1" }) })]),
            };
    }

    private JsonObject ResourceList(string group) => new()
    {
        ["kind"] = "APIResourceList",
        ["resources"] = new JsonArray([.. Kinds().Where(k => k.Group == group).Select(k => (JsonNode)new JsonObject { ["name"] = k.Plural, ["kind"] = k.Kind, ["namespaced"] = k.Namespaced, ["verbs"] = new JsonArray("get") })]),
    };

    private static JsonObject Status(int code, string reason, string message) =>
        new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = code < 400 ? "Success" : "Failure", ["reason"] = reason, ["message"] = message, ["code"] = code };

    private static async Task AnswerAsync(HttpContext context, int code, JsonObject body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.Headers.Append("Warning", "299 - \"a \\\"test\\\" warns\"");
        await context.Response.WriteAsync(body.ToJsonString());
    }
}
