using Harmony.Embedded.Api.Patches;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Registry;

/// <summary>How a write is to be done, and what the client is told beside the answer.</summary>
public sealed class RequestContext
{
    /// <summary>The field manager, for <c>metadata.managedFields</c>.</summary>
    public required string Manager { get; init; }

    /// <summary>Everything happens but the writing.</summary>
    public bool DryRun { get; init; }

    public FieldValidation FieldValidation { get; init; }

    /// <summary>Texts for Warning headers.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Whether the object comes from outside and is to be decoded against its schema.</summary>
    public bool Decodes { get; init; } = true;

    /// <summary>Paths of repeated members in the body.</summary>
    public IReadOnlyList<string> Duplicates { get; set; } = [];

    internal FieldOwner Owner(Catalog.ServedResource resource, string? subresource, DateTimeOffset now) =>
        new(Manager, resource.Resource.ApiVersion, subresource, now, resource.HasStatus);
}
