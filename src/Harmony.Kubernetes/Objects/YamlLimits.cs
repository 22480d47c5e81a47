namespace Harmony.Kubernetes.Objects;

/// <summary>How much YAML is taken from a file: files are hostile.</summary>
/// <param name="MaxBytes">Of the text, in UTF-8.</param>
/// <param name="MaxDepth">Of mappings and lists within each other.</param>
/// <param name="MaxNodes">Of all documents of a text, counted after aliases are expanded.</param>
public sealed record YamlLimits(int MaxBytes, int MaxDepth, int MaxNodes)
{
    /// <summary>Ample for what people write: the largest public bundles of custom resource definitions have 5 MB and 300,000 nodes.</summary>
    public static YamlLimits Default { get; } = new(MaxBytes: 16 * 1024 * 1024, MaxDepth: 100, MaxNodes: 1_000_000);
}
