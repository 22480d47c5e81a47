using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Storage;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

/// <summary>Writes stored objects in the version that is asked for, mostly by copying their bytes.</summary>
internal static class ObjectWriter
{
    public static void Write(Utf8JsonWriter writer, ServedResource resource, StoredObject stored)
    {
        if (resource.Conversion is null)
        {
            writer.WriteRawValue(stored.Utf8, skipInputValidation: true);
        }
        else
        {
            resource.ToTree(stored).WriteTo(writer);
        }
    }

    /// <summary>An item of a list: Kubernetes' own kinds leave out what the list says already.</summary>
    public static void WriteItem(Utf8JsonWriter writer, ServedResource resource, StoredObject stored)
    {
        if (resource.Custom is not null)
        {
            Write(writer, resource, stored);
        }
        else if (resource.Conversion is not null)
        {
            var tree = resource.ToTree(stored);
            tree.Remove("apiVersion");
            tree.Remove("kind");
            tree.WriteTo(writer);
        }
        else
        {
            writer.WriteStartObject();
            foreach (var property in stored.Json.EnumerateObject())
            {
                if (!property.NameEquals("apiVersion"u8) && !property.NameEquals("kind"u8))
                {
                    writer.WritePropertyName(property.Name);
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
                }
            }

            writer.WriteEndObject();
        }
    }

    /// <summary>The metadata alone (PartialObjectMetadata).</summary>
    public static void WriteMetadata(Utf8JsonWriter writer, StoredObject stored)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, "PartialObjectMetadata"u8);
        writer.WriteString("apiVersion"u8, "meta.k8s.io/v1"u8);
        writer.WritePropertyName("metadata"u8);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(stored.Json.GetProperty("metadata"u8)), skipInputValidation: true);
        writer.WriteEndObject();
    }

    /// <summary>The beginning of a list, up to its first item.</summary>
    public static void BeginList(Utf8JsonWriter writer, string kind, string apiVersion, long revision, string? continuation = null, long? remaining = null)
    {
        writer.WriteStartObject();
        writer.WriteString("kind"u8, kind);
        writer.WriteString("apiVersion"u8, apiVersion);
        WriteListMetadata(writer, revision, continuation, remaining);
        writer.WriteStartArray("items"u8);
    }

    public static void WriteListMetadata(Utf8JsonWriter writer, long revision, string? continuation, long? remaining)
    {
        writer.WriteStartObject("metadata"u8);
        writer.WriteString("resourceVersion"u8, revision.ToString(CultureInfo.InvariantCulture));
        if (continuation is not null)
        {
            writer.WriteString("continue"u8, continuation);
        }

        if (remaining is not null)
        {
            writer.WriteNumber("remainingItemCount"u8, remaining.Value);
        }

        writer.WriteEndObject();
    }
}
