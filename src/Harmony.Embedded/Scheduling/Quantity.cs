using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Reads resource quantities (<c>500m</c>, <c>1.5Gi</c>, <c>1e3</c>). Source: apimachinery's resource.Quantity.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m),
        ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The amount in base units (cores, bytes, pieces); zero where it is missing or unreadable.</summary>
    public static decimal Of(JsonNode? node) => node switch
    {
        null => 0,
        _ when node.AsText() is { } text => Parse(text),
        JsonValue value when value.TryGetValue<decimal>(out var number) => number,
        _ => node.AsLong() ?? 0,
    };

    public static decimal Parse(string text)
    {
        var factor = 1m;
        foreach (var (suffix, f) in Suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                (text, factor) = (text[..^suffix.Length], f);
                break;
            }
        }

        try
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * factor : 0;
        }
        catch (OverflowException)
        {
            return text.StartsWith('-') ? decimal.MinValue : decimal.MaxValue;
        }
    }
}
