using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>The structural schema of a custom resource, as its definition gives it.</summary>
public static class CustomSchema
{
    private static readonly Schema Text = new(SchemaKind.String) { IsCustom = true };

    /// <summary>
    /// Reads <c>spec.versions[].schema.openAPIV3Schema</c>. The result knows <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> as every object has
    /// them. A missing schema is one that keeps everything.
    /// </summary>
    public static Schema Parse(JsonObject? openAPIV3Schema)
    {
        var properties = new Dictionary<string, Schema>(StringComparer.Ordinal);
        var preserve = openAPIV3Schema is null;
        Schema? root = null;
        if (openAPIV3Schema is not null)
        {
            using var document = JsonDocument.Parse(openAPIV3Schema.ToJsonString());
            root = new SchemaReader(custom: true, _ => Schema.Any).Read(document.RootElement);
            foreach (var (name, property) in root.Properties)
            {
                properties[name] = property;
            }
        }

        properties["apiVersion"] = Text;
        properties["kind"] = Text;
        properties["metadata"] = new Schema("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", () => SchemaCatalog.ObjectMeta) { AlwaysPresent = true };
        return new Schema(SchemaKind.Object)
        {
            IsCustom = true,
            Properties = properties,
            Required = [.. (root?.Required ?? []).Where(r => r is not ("apiVersion" or "kind" or "metadata"))],
            PreserveUnknownFields = preserve || root!.PreserveUnknownFields,
            AdditionalProperties = root?.AdditionalProperties,
            Description = root?.Description,
            Validation = root?.Validation,
        };
    }
}
