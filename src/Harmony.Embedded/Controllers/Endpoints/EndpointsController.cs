using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Endpoints;

/// <summary>Writes down which pods stand behind each Service that selects pods: EndpointSlices, and Endpoints for those who still read them.</summary>
internal sealed partial class EndpointsController : Reconciler
{
    private const string ChangeTime = "endpoints.kubernetes.io/last-change-trigger-time";
    private const string HeadlessLabel = "service.kubernetes.io/headless";
    private readonly ObjectCache services;
    private readonly ObjectCache pods;
    private readonly ObjectCache slices;
    private readonly ObjectCache endpoints;

    /// <summary>The Services by one label of their selector: a pod asks by its few labels instead of asking every Service.</summary>
    private readonly Dictionary<string, HashSet<NamespacedName>> selecting = new(StringComparer.Ordinal);

    public EndpointsController(ControllerContext context)
        : base("endpoint-slice-controller", context)
    {
        services = Cluster.Of(BuiltInResources.Services);
        services.Changed += OnService;
        pods = Cluster.Of(BuiltInResources.Pods);
        pods.Changed += OnPod;
        slices = Owned(BuiltInResources.EndpointSlices, services);
        endpoints = Cluster.Of(BuiltInResources.Endpoints);
        endpoints.Changed += (old, current) =>
        {
            if (old is not null)
            {
                Enqueue(old);
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (services.Get(key) is not { } service)
        {
            // Slices are collected with their owner; Endpoints have none, only the Service's name.
            if (endpoints.Get(key) is { } left && left.Label(ManagedBy) is not null)
            {
                await Cluster.DeleteAsync(BuiltInResources.Endpoints, left, cancellation);
            }

            return;
        }

        var selector = service.At("spec", "selector").AsTextMap();
        if (selector.Count == 0 || service.At("spec", "type").AsText() == "ExternalName" || service.IsBeingDeleted)
        {
            return;
        }

        var backends = pods.Labelled(key.Namespace, selector)
            .Where(p => !p.IsTerminal && Address(p) is not null)
            .Select(p => new Backend(p, service))
            .OrderBy(b => b.Address, StringComparer.Ordinal).ThenBy(b => b.Pod.Name, StringComparer.Ordinal)
            .ToList();
        Gather(key, backends.Count);
        try
        {
            await WriteSlicesAsync(service, backends, cancellation);
            await WriteEndpointsAsync(service, backends, cancellation);
        }
        catch (ApiException e) when (PodControl.IsNamespaceEnding(e))
        {
        }
    }

    private static string? Address(JsonObject pod) => pod.At("status", "podIP").AsText() is { Length: > 0 } address ? address : null;

    private static bool IsHeadless(JsonObject service) => service.At("spec", "clusterIP").AsText() == "None";

    private void OnService(JsonObject? old, JsonObject? service)
    {
        if (old is not null && First(old) is { } before && selecting.TryGetValue(before, out var leaving))
        {
            leaving.Remove(NamespacedName.Of(old));
            if (leaving.Count == 0)
            {
                selecting.Remove(before);
            }
        }

        if (service is not null && First(service) is { } after)
        {
            if (!selecting.TryGetValue(after, out var keys))
            {
                selecting[after] = keys = [];
            }

            keys.Add(NamespacedName.Of(service));
        }

        Enqueue((service ?? old)!);
    }

    private static string? First(JsonObject service) =>
        service.At("spec", "selector").AsTextMap().OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{service.Namespace}|{l.Key}={l.Value}").FirstOrDefault();

    private void OnPod(JsonObject? old, JsonObject? pod)
    {
        if (old is not null && pod is not null && Facts(old) == Facts(pod) && JsonNode.DeepEquals(old.At("metadata", "labels"), pod.At("metadata", "labels")))
        {
            return;
        }

        foreach (var side in (ReadOnlySpan<JsonObject?>)[old, pod])
        {
            foreach (var (name, value) in side?.Labels ?? new Dictionary<string, string>())
            {
                foreach (var key in selecting.GetValueOrDefault($"{side!.Namespace}|{name}={value}") ?? [])
                {
                    Enqueue(key);
                }
            }
        }
    }

    private static (string?, bool, bool, bool, string?) Facts(JsonObject pod) =>
        (Address(pod), pod.IsReady, pod.IsTerminal, pod.IsBeingDeleted, pod.NodeName);

    /// <summary>A pod as one Service sees it.</summary>
    private sealed class Backend(JsonObject pod, JsonObject service)
    {
        private readonly bool publishes = service.At("spec", "publishNotReadyAddresses").AsBool() == true;

        public JsonObject Pod { get; } = pod;

        public string Address { get; } = EndpointsController.Address(pod)!;

        public bool IsServing { get; } = pod.IsReady;

        public bool IsTerminating { get; } = pod.IsBeingDeleted;

        public bool IsReady => publishes || (IsServing && !IsTerminating);

        /// <summary>The name that it has under a headless Service.</summary>
        public string? Hostname { get; } =
            pod.At("spec", "subdomain").AsText() == service.Name && pod.At("spec", "hostname").AsText() is { Length: > 0 } name ? name : null;

        public List<EndpointPort> Ports { get; } = ServicePorts.In(pod, service);

        /// <summary>Pods with the same ports go together.</summary>
        public string PortSet => string.Join(',', Ports);

        public JsonObject Target => new() { ["kind"] = "Pod", ["namespace"] = Pod.Namespace, ["name"] = Pod.Name, ["uid"] = Pod.Uid };
    }
}
