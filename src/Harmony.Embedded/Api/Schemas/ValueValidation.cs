using System.Text.RegularExpressions;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>What OpenAPI lets a custom resource demand of a value beyond its type.</summary>
public sealed record ValueValidation
{
    /// <summary>The allowed values, each as compact JSON text.</summary>
    public IReadOnlyList<string>? Enum { get; init; }

    public string? Pattern { get; init; }

    /// <summary>The pattern, compiled for use; null where there is none, or .NET cannot read it.</summary>
    public Regex? Regex { get; init; }

    public double? Minimum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public double? Maximum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? MultipleOf { get; init; }

    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    public IReadOnlyList<Schema> AllOf { get; init; } = [];

    public IReadOnlyList<Schema> AnyOf { get; init; } = [];

    public IReadOnlyList<Schema> OneOf { get; init; } = [];

    public Schema? Not { get; init; }
}
