using System.Globalization;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Kubernetes' quantities: <c>500m</c>, <c>1.5</c>, <c>128Mi</c>, <c>2e3</c>. Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1000m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The number; null where the text is no quantity.</summary>
    public static decimal? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var factor = 1m;
        foreach (var (suffix, value) in Suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                (text, factor) = (text[..^suffix.Length], value);
                break;
            }
        }

        try
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * factor : null;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>Rounded up to whole units.</summary>
    public static long? Whole(string? text) => Parse(text) is { } value ? (long)Math.Ceiling(Math.Clamp(value, long.MinValue, long.MaxValue)) : null;

    /// <summary>Rounded up to thousandths: of a core, for CPU.</summary>
    public static long? Milli(string? text) => Parse(text) is { } value ? (long)Math.Ceiling(Math.Clamp(value * 1000, long.MinValue, long.MaxValue)) : null;
}
