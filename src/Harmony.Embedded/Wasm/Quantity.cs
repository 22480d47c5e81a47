using System.Globalization;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Wasm;

/// <summary>A Kubernetes quantity of memory (<c>128Mi</c>, <c>1e9</c>, <c>500M</c>).</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m), ("m", 0.001m),
    ];

    /// <summary>The bytes, rounded up; null where there is none, or it is malformed.</summary>
    public static long? TryBytes(JsonNode? quantity)
    {
        if (quantity is not JsonValue value)
        {
            return null;
        }

        var text = value.ToString().Trim();
        var (suffix, factor) = Array.Find(Suffixes, s => text.EndsWith(s.Suffix, StringComparison.Ordinal));
        var digits = suffix is null ? text : text[..^suffix.Length];
        if (!decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || number < 0)
        {
            return null;
        }

        try
        {
            return (long)Math.Min(long.MaxValue, decimal.Ceiling(number * (suffix is null ? 1m : factor)));
        }
        catch (OverflowException)
        {
            return long.MaxValue;
        }
    }
}
