using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// Every kind that objects are stored as, the built-in ones and those of custom resource definitions as these come and go, each with its cache.
/// For the controllers that look at all objects: the garbage collector and the namespaces'.
/// </summary>
internal sealed class WatchedKinds
{
    /// <summary>Kinds whose objects are many, short-lived, and never own or belong to anything.</summary>
    private static readonly HashSet<string> Unwatched = new(StringComparer.Ordinal) { "events", "events.events.k8s.io", "leases.coordination.k8s.io" };

    private readonly ControllerContext context;
    private readonly Dictionary<(string Group, string Kind), ApiResource> byKind = [];
    private readonly Dictionary<string, ApiResource> custom = new(StringComparer.Ordinal);
    private bool started;

    public WatchedKinds(ControllerContext context)
    {
        this.context = context;
        foreach (var resource in BuiltIn)
        {
            byKind.TryAdd((resource.Group, resource.Kind), resource);
            if (!Unwatched.Contains(resource.Name))
            {
                var cache = context.Cluster.Of(resource);
                cache.Changed += (old, current) => Changed?.Invoke(resource, old, current);
            }
        }

        context.Cluster.Of(BuiltInResources.CustomResourceDefinitions).Changed += OnDefinition;
    }

    /// <summary>An object of any kind appeared, changed or vanished.</summary>
    public Action<ApiResource, JsonObject?, JsonObject?>? Changed { get; set; }

    public IEnumerable<ApiResource> All => byKind.Values;

    public ApiResource? Find(string apiVersion, string kind) => byKind.GetValueOrDefault((GroupVersionKind.Of(apiVersion, kind).Group, kind));

    public ApiResource? Named(string name) => byKind.Values.FirstOrDefault(r => r.Name == name);

    /// <summary>From now on custom kinds are watched as they come.</summary>
    public void Start()
    {
        started = true;
        foreach (var resource in custom.Values)
        {
            Follow(resource);
        }
    }

    private static IEnumerable<ApiResource> BuiltIn => BuiltInKinds.Stored;

    private void OnDefinition(JsonObject? old, JsonObject? definition)
    {
        var name = (definition ?? old)!.Name;
        var served = definition is not null && Conditions.IsTrue(definition.Status, "Established") ? Resource(definition) : null;
        if (served is null)
        {
            if (custom.Remove(name, out var gone))
            {
                byKind.Remove((gone.Group, gone.Kind));
                context.Cluster.Forget(gone);
            }
        }
        else if (custom.TryAdd(name, served))
        {
            byKind[(served.Group, served.Kind)] = served;
            var cache = context.Cluster.Of(served);
            cache.Changed += (before, current) => Changed?.Invoke(served, before, current);
            if (started)
            {
                Follow(served);
            }
        }
    }

    private static ApiResource? Resource(JsonObject definition)
    {
        var spec = definition.Spec ?? [];
        var version = spec["versions"].Objects().FirstOrDefault(v => v["storage"].AsBool() == true && v["served"].AsBool() == true)
            ?? spec["versions"].Objects().FirstOrDefault(v => v["served"].AsBool() == true);
        return version?.Text("name") is { } name && spec.Text("group") is { } group && spec.At("names", "plural").AsText() is { } plural
            && spec.At("names", "kind").AsText() is { } kind
            ? new(group, name, plural, kind, spec.Text("scope") == "Namespaced")
            : null;
    }

    private void Follow(ApiResource resource) => _ = FollowAsync(resource);

    private async Task FollowAsync(ApiResource resource)
    {
        while (custom.ContainsValue(resource))
        {
            try
            {
                await context.Cluster.FollowAsync(context.Cluster.Of(resource), context.Stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                context.Log.LogDebug(e, "Watching {Resource} ended: {Message}", resource, e.Message);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), context.Time, context.Stopping);
        }
    }
}
