using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>
/// One node of a type: what a value may be, how it merges and who can own its parts. Built-in types and custom resources share it. Immutable and
/// safe to share; the fields of a named type are read when first asked for, so types may contain themselves.
/// </summary>
public sealed class Schema
{
    private static readonly Dictionary<string, Schema> NoProperties = [];
    private readonly Lazy<Schema>? target;

    internal Schema(SchemaKind kind) => Kind = kind;

    /// <summary>A use of a named type: everything about its inside comes from the type, everything about its place from here.</summary>
    internal Schema(string typeName, Func<Schema> resolve)
    {
        Kind = SchemaKind.Object;
        TypeName = typeName;
        target = new(resolve);
    }

    /// <summary>Anything at all, kept as it is.</summary>
    public static Schema Any { get; } = new(SchemaKind.Any) { PreserveUnknownFields = true };

    public SchemaKind Kind { get; }

    /// <summary>The name in OpenAPI, such as <c>io.k8s.api.core.v1.PodSpec</c>; null for what has no name.</summary>
    public string? TypeName { get; init; }

    /// <summary>The name of the Go type, such as <c>PodSpec</c>; empty for what has no name.</summary>
    public string GoName => TypeName is null ? "" : TypeName[(TypeName.LastIndexOf('.') + 1)..];

    /// <summary>Whether this is, or belongs to, the schema of a custom resource.</summary>
    public bool IsCustom { get; init; }

    /// <summary>The fields of an object; empty for all else.</summary>
    public IReadOnlyDictionary<string, Schema> Properties { get => target?.Value.Properties ?? field; init; } = NoProperties;

    /// <summary>The names of fields that must be given; checked for custom resources, only told (OpenAPI) for built-in ones.</summary>
    public IReadOnlyList<string> Required { get => target?.Value.Required ?? field; init; } = [];

    /// <summary>What the items of a list are.</summary>
    public Schema? Items { get; init; }

    /// <summary>What the values of a map are; for a custom object with <see cref="Properties"/> too, what its other fields are.</summary>
    public Schema? AdditionalProperties { get; init; }

    /// <summary>The schema's own default as JSON text, to be parsed by each who uses it; null where there is none.</summary>
    public string? Default { get; init; }

    public ListType ListType { get; init; }

    /// <summary>The fields that tell the items of a map list apart.</summary>
    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    /// <summary>Whether an object or map is owned as a whole (<c>x-kubernetes-map-type: atomic</c>).</summary>
    public bool IsAtomic { get => field || (!IsGranular && (target?.Value.IsAtomic ?? false)); init; }

    /// <summary>Whether this use of an otherwise atomic type is owned field by field.</summary>
    internal bool IsGranular { get; init; }

    /// <summary>The strategies of strategic merge patch: <c>merge</c>, <c>replace</c>, <c>retainKeys</c>; empty where none is given.</summary>
    public IReadOnlyList<string> PatchStrategy { get; init; } = [];

    /// <summary>The field by which strategic merge patch tells the items of a list apart.</summary>
    public string? PatchMergeKey { get; init; }

    public bool PreserveUnknownFields { get => field || (target?.Value.PreserveUnknownFields ?? false); init; }

    /// <summary>Whether the value is a whole Kubernetes object of its own.</summary>
    public bool EmbeddedResource { get; init; }

    public bool Nullable { get; init; }

    /// <summary>A field that Go always writes: a struct that is no pointer, or a value without omitempty, which then is zero or null.</summary>
    public bool AlwaysPresent { get; init; }

    /// <summary>A string for which empty means something else than absent (a Go pointer, or one that is always written).</summary>
    public bool KeepsEmpty { get; init; }

    /// <summary>OpenAPI's format, such as <c>int32</c>, <c>date-time</c>; null where none is given.</summary>
    public string? Format { get; init; }

    public string? Description { get; init; }

    /// <summary>The value validations of a custom resource; null where it has none. CEL rules (<c>x-kubernetes-validations</c>) are not evaluated.</summary>
    public ValueValidation? Validation { get; init; }

    /// <summary>The schema of the field; null where it is unknown.</summary>
    public Schema? Field(string name) => Properties.TryGetValue(name, out var field) ? field : AdditionalProperties;

    /// <summary>A fresh tree of <see cref="Default"/>.</summary>
    public JsonNode? NewDefault() => Default is null ? null : JsonNode.Parse(Default);
}
