using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Amounts of resources by name, as <c>requests</c>, <c>limits</c>, <c>allocatable</c> and quotas list them.</summary>
internal static class Amounts
{
    public static Dictionary<string, Quantity> Map(JsonNode? node)
    {
        var amounts = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            amounts[name] = value.AsQuantity() ?? Quantity.Zero;
        }

        return amounts;
    }

    public static void Add(Dictionary<string, Quantity> to, Dictionary<string, Quantity> what)
    {
        foreach (var (name, value) in what)
        {
            to[name] = to.GetValueOrDefault(name) + value;
        }
    }

    public static void Max(Dictionary<string, Quantity> to, Dictionary<string, Quantity> what)
    {
        foreach (var (name, value) in what)
        {
            to[name] = to.TryGetValue(name, out var has) && has > value ? has : value;
        }
    }
}
