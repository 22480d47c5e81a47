using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Containers;

/// <summary>Reads resource quantities of a pod's spec, where none may be set.</summary>
internal static class Amount
{
    /// <summary>Rounded up to whole units; null where there is no quantity.</summary>
    public static long? Whole(string? text) => Quantity.TryParse(text, out var quantity) ? quantity.Value : null;

    /// <summary>Rounded up to thousandths: of a core, for CPU.</summary>
    public static long? Milli(string? text) => Quantity.TryParse(text, out var quantity) ? quantity.MilliValue : null;

    /// <summary>As a number, to a thousandth.</summary>
    public static decimal? Parse(string? text) => Quantity.TryParse(text, out var quantity)
        ? quantity.MilliValue == long.MaxValue ? quantity.Value : quantity.MilliValue / 1000m
        : null;
}
