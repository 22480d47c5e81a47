using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Amounts of resources by name, as <c>requests</c>, <c>limits</c>, <c>allocatable</c> and quotas list them.</summary>
internal static class Amounts
{
    /// <summary>The quantity written here; zero where it is missing or unreadable.</summary>
    public static Quantity Of(JsonNode? node) => node switch
    {
        null => Quantity.Zero,
        _ when node.AsText() is { } text => Quantity.TryParse(text, out var quantity) ? quantity : Quantity.Zero,
        _ when node.AsLong() is { } units => Quantity.Of(units),
        JsonValue value when value.TryGetValue<double>(out var number) => Quantity.TryParse(number.ToString("R", CultureInfo.InvariantCulture), out var quantity) ? quantity : Quantity.Zero,
        _ => Quantity.Zero,
    };

    public static Dictionary<string, Quantity> Map(JsonNode? node)
    {
        var amounts = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            amounts[name] = Of(value);
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
