using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Embedded.Api.Strategies;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>One kind in one version, with all that the request pipeline needs to know about it.</summary>
public sealed class ServedResource(ApiResource resource, string storageName, Strategy strategy, Func<Schema> schema)
{
    private readonly Lazy<Schema> schema = new(schema);

    public ApiResource Resource { get; } = resource;

    /// <summary>The name that its objects are stored under: that of another resource where both are two views of the same objects.</summary>
    public string StorageName { get; } = storageName;

    public Strategy Strategy { get; } = strategy;

    public Schema Schema => schema.Value;

    /// <summary>What its definition says; null for Kubernetes' own kinds.</summary>
    public CustomDefinition? Custom { get; init; }

    /// <summary>How its objects become stored ones and back; null where they are stored as they are served.</summary>
    public IVersionConversion? Conversion { get; init; }

    public bool HasStatus => Resource.Subresources.Contains("status");

    public ObjectKey Key(string? ns, string name) => new(StorageName, Resource.Namespaced ? ns ?? "" : "", name);

    /// <summary>A tree of the stored object in this version.</summary>
    public JsonObject ToTree(StoredObject stored)
    {
        var tree = stored.ToTree();
        return Conversion is null ? tree : Conversion.FromStorage(tree, Resource);
    }

    /// <summary>The tree as it is stored.</summary>
    public JsonObject ToStorage(JsonObject tree) => Conversion is null ? tree : Conversion.ToStorage(tree);

    /// <summary>The schema of what a subresource's requests carry.</summary>
    public (GroupVersionKind Kind, Schema Schema) TypeOf(string? subresource)
    {
        if (subresource is null)
        {
            return (Resource.GroupVersionKind, Schema);
        }

        var kind = Subresource.Of(Resource, subresource).Kind;
        return kind == Resource.GroupVersionKind ? (kind, Schema) : (kind, SchemaCatalog.Find(kind) ?? Schema.Any);
    }

    public override string ToString() => $"{Resource.Name}/{Resource.Version}";
}

/// <summary>Turns objects of one version into the stored one and back, without loss.</summary>
public interface IVersionConversion
{
    JsonObject ToStorage(JsonObject served);

    JsonObject FromStorage(JsonObject stored, ApiResource served);
}

/// <summary>What a CustomResourceDefinition says about one version beyond its names and schema.</summary>
/// <param name="PrinterColumns">v1.CustomResourceColumnDefinition.</param>
/// <param name="Scale">v1.CustomResourceSubresourceScale; null where there is none.</param>
/// <param name="SelectableFields">The JSON paths that field selectors may name, without their leading dot.</param>
public sealed record CustomDefinition(IReadOnlyList<PrinterColumn> PrinterColumns, ScalePaths? Scale, IReadOnlyList<string> SelectableFields)
{
    /// <summary>The warning that every request of a deprecated version gets; null otherwise.</summary>
    public string? Deprecation { get; init; }

    /// <summary><c>openAPIV3Schema</c> as JSON text, for OpenAPI; null where there is none.</summary>
    public string? OpenApiText { get; init; }
}

/// <summary>A column of <c>kubectl get</c>.</summary>
public sealed record PrinterColumn(string Name, string Type, string Format, string Description, int Priority, string JsonPath);

/// <summary>Where the scale subresource finds its numbers.</summary>
public sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector)
{
    /// <summary>Where Kubernetes' own kinds have them.</summary>
    public static ScalePaths BuiltIn { get; } = new(".spec.replicas", ".status.replicas", null);
}
