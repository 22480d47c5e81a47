using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Endpoints;

/// <summary>discovery.k8s.io/v1 EndpointSlices.</summary>
internal sealed partial class EndpointsController
{
    private const int MaxEndpoints = 100;
    private const string SliceManager = "endpointslice-controller.k8s.io";
    private const string SliceManagedBy = "endpointslice.kubernetes.io/managed-by";
    private const string ServiceName = "kubernetes.io/service-name";

    private async Task WriteSlicesAsync(JsonObject service, List<Backend> backends, CancellationToken cancellation)
    {
        var wanted = new List<(JsonNode? Ports, JsonNode? Endpoints)>();
        foreach (var group in backends.GroupBy(b => b.PortSet, StringComparer.Ordinal))
        {
            foreach (var chunk in group.Chunk(MaxEndpoints))
            {
                wanted.Add((SlicePorts(chunk[0].Ports), new JsonArray([.. chunk.Select(Endpoint)])));
            }
        }

        if (wanted.Count == 0)
        {
            // One empty slice tells "no endpoints" from "not looked at yet".
            wanted.Add((null, null));
        }

        var present = slices.ControlledBy(service.Uid)
            .Where(s => s.Label(SliceManagedBy) == SliceManager && !s.IsBeingDeleted)
            .OrderBy(s => s.Created()).ThenBy(s => s.Name, StringComparer.Ordinal).ToList();
        foreach (var (ports, items) in wanted)
        {
            var slice = present.Find(s => JsonNode.DeepEquals(s["ports"], ports)) ?? present.FirstOrDefault();
            if (slice is null)
            {
                await Cluster.CreateAsync(BuiltInResources.EndpointSlices, Slice(service, ports, items), cancellation);
                continue;
            }

            present.Remove(slice);
            await UpdateSliceAsync(slice, Slice(service, ports, items), cancellation);
        }

        foreach (var spare in present)
        {
            await Cluster.DeleteAsync(BuiltInResources.EndpointSlices, spare, cancellation);
        }
    }

    private async Task UpdateSliceAsync(JsonObject slice, JsonObject wanted, CancellationToken cancellation)
    {
        if (SameItems(slice["endpoints"], wanted["endpoints"]) && SameItems(slice["ports"], wanted["ports"])
            && JsonNode.DeepEquals(slice.At("metadata", "labels"), wanted.At("metadata", "labels")))
        {
            return;
        }

        var changed = (JsonObject)slice.DeepClone();
        changed["endpoints"] = wanted["endpoints"]?.DeepClone();
        changed["ports"] = wanted["ports"]?.DeepClone();
        changed.Metadata["labels"] = wanted.At("metadata", "labels")?.DeepClone();
        changed.Metadata.Child("annotations")[ChangeTime] = Context.Time.Stamp();
        await Cluster.UpdateAsync(BuiltInResources.EndpointSlices, changed, null, cancellation);
    }

    /// <summary>Nothing, null and an empty list are the same.</summary>
    private static bool SameItems(JsonNode? a, JsonNode? b) => a is not JsonArray { Count: > 0 } && b is not JsonArray { Count: > 0 } || JsonNode.DeepEquals(a, b);

    private JsonObject Slice(JsonObject service, JsonNode? ports, JsonNode? items)
    {
        var labels = service.At("metadata", "labels")?.DeepClone() as JsonObject ?? [];
        labels[SliceManagedBy] = SliceManager;
        labels[ServiceName] = service.Name;
        if (IsHeadless(service))
        {
            labels[HeadlessLabel] = "";
        }

        return new()
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["generateName"] = $"{service.Name}-",
                ["namespace"] = service.Namespace,
                ["labels"] = labels,
                ["annotations"] = new JsonObject { [ChangeTime] = Context.Time.Stamp() },
                ["ownerReferences"] = new JsonArray(PodTemplate.ControllerReference(service)),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = items,
            ["ports"] = ports,
        };
    }

    private static JsonArray? SlicePorts(List<EndpointPort> ports)
    {
        if (ports.Count == 0)
        {
            return null;
        }

        return new([.. ports.Select(port =>
        {
            var item = new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = port.Number };
            if (port.AppProtocol is not null)
            {
                item["appProtocol"] = port.AppProtocol;
            }

            return (JsonNode)item;
        })]);
    }

    private static JsonNode Endpoint(Backend backend)
    {
        var endpoint = new JsonObject
        {
            ["addresses"] = new JsonArray((JsonNode)backend.Address),
            ["conditions"] = new JsonObject { ["ready"] = backend.IsReady, ["serving"] = backend.IsServing, ["terminating"] = backend.IsTerminating },
        };
        if (backend.Hostname is not null)
        {
            endpoint["hostname"] = backend.Hostname;
        }

        endpoint["targetRef"] = backend.Target;
        if (backend.Pod.NodeName is { } node)
        {
            endpoint["nodeName"] = node;
        }

        return endpoint;
    }
}
