using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Endpoints;

/// <summary>v1 Endpoints, the older form of the same.</summary>
internal sealed partial class EndpointsController
{
    private const string ManagedBy = "endpoints.kubernetes.io/managed-by";

    private async Task WriteEndpointsAsync(JsonObject service, List<Backend> backends, CancellationToken cancellation)
    {
        var subsets = new JsonArray();
        var headlessWithoutPorts = IsHeadless(service) && service.At("spec", "ports") is not JsonArray { Count: > 0 };
        foreach (var group in backends
            .Where(b => (!b.IsTerminating || b.IsReady) && (b.Ports.Count > 0 || headlessWithoutPorts))
            .GroupBy(b => b.PortSet, StringComparer.Ordinal))
        {
            subsets.Add((JsonNode)Subset([.. group]));
        }

        var labels = service.At("metadata", "labels")?.DeepClone() as JsonObject ?? [];
        labels[ManagedBy] = "endpoint-controller";
        if (IsHeadless(service))
        {
            labels[HeadlessLabel] = "";
        }

        var known = endpoints.Get(service.Namespace, service.Name);
        if (known is not null && SameItems(known["subsets"], subsets) && JsonNode.DeepEquals(known.At("metadata", "labels"), labels))
        {
            return;
        }

        var written = known?.DeepClone() as JsonObject ?? new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = new JsonObject { ["name"] = service.Name, ["namespace"] = service.Namespace },
        };
        written.Metadata["labels"] = labels;
        written.Metadata.Child("annotations")[ChangeTime] = Context.Time.Stamp();
        written.Remove("subsets");
        if (subsets.Count > 0)
        {
            written["subsets"] = subsets;
        }

        await (known is null
            ? Cluster.CreateAsync(BuiltInResources.Endpoints, written, cancellation)
            : Cluster.UpdateAsync(BuiltInResources.Endpoints, written, null, cancellation));
    }

    private static JsonObject Subset(List<Backend> backends)
    {
        var subset = new JsonObject();
        foreach (var (name, members) in (ReadOnlySpan<(string, List<Backend>)>)[("addresses", backends.FindAll(b => b.IsReady)), ("notReadyAddresses", backends.FindAll(b => !b.IsReady))])
        {
            if (members.Count > 0)
            {
                subset[name] = new JsonArray([.. members.Select(AddressOf)]);
            }
        }

        if (backends[0].Ports.Count > 0)
        {
            subset["ports"] = new JsonArray([.. backends[0].Ports.Select(PortOf)]);
        }

        return subset;
    }

    private static JsonNode AddressOf(Backend backend)
    {
        var address = new JsonObject { ["ip"] = backend.Address };
        if (backend.Hostname is not null)
        {
            address["hostname"] = backend.Hostname;
        }

        if (backend.Pod.NodeName is { } node)
        {
            address["nodeName"] = node;
        }

        address["targetRef"] = backend.Target;
        return address;
    }

    private static JsonNode PortOf(EndpointPort port)
    {
        var item = new JsonObject();
        if (port.Name.Length > 0)
        {
            item["name"] = port.Name;
        }

        item["port"] = port.Number;
        item["protocol"] = port.Protocol;
        if (port.AppProtocol is not null)
        {
            item["appProtocol"] = port.AppProtocol;
        }

        return item;
    }
}
