using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.OpenApi;

/// <summary>
/// A group version's <c>/openapi/v3</c> document, built when first asked for: what kubectl needs to explain types, to validate on the server and
/// to know how lists merge.
/// </summary>
public static class OpenApiDocument
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes the document of a group version as UTF-8 JSON.</summary>
    /// <param name="group">The group; empty for the core group.</param>
    /// <param name="version">The version.</param>
    /// <param name="resources">The resources that the group version serves.</param>
    /// <param name="customSchemas">For a custom resource its <c>openAPIV3Schema</c> (null where it has none); for others it is not asked.</param>
    public static byte[] Build(string group, string version, IReadOnlyList<ApiResource> resources, Func<ApiResource, JsonObject?> customSchemas)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            var components = new ComponentWriter(writer, group, version);
            var paths = new PathWriter(writer, group, version);
            writer.WriteStartObject();
            writer.WriteString("openapi", "3.0.0");
            writer.WriteStartObject("info");
            writer.WriteString("title", "Kubernetes");
            writer.WriteString("version", "1.36");
            writer.WriteEndObject();
            writer.WriteStartObject("paths");
            foreach (var resource in resources)
            {
                paths.Write(resource, components.NameOf(resource));
            }

            writer.WriteEndObject();
            writer.WriteStartObject("components");
            writer.WriteStartObject("schemas");
            foreach (var resource in resources)
            {
                components.Write(resource, customSchemas);
            }

            components.WriteReferenced();
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The key of a group version in the index: <c>api/v1</c>, <c>apis/apps/v1</c>.</summary>
    public static string Path(string group, string version) => group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";

    /// <summary>The extension by which clients find the type and the operations of a kind.</summary>
    internal static void WriteKind(this Utf8JsonWriter writer, GroupVersionKind kind, bool asList)
    {
        const string Name = "x-kubernetes-group-version-kind";
        if (asList)
        {
            writer.WriteStartArray(Name);
            writer.WriteStartObject();
        }
        else
        {
            writer.WriteStartObject(Name);
        }

        writer.WriteString("group", kind.Group);
        writer.WriteString("version", kind.Version);
        writer.WriteString("kind", kind.Kind);
        writer.WriteEndObject();
        if (asList)
        {
            writer.WriteEndArray();
        }
    }
}
