using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Storage;

/// <summary>How deep JSON may nest, and how it is written, everywhere in the API and its storage.</summary>
public static class JsonLimits
{
    /// <summary>Deep enough for the schemas in custom resource definitions.</summary>
    public const int MaxDepth = 256;

    public static JsonDocumentOptions Document { get; } = new() { MaxDepth = MaxDepth };

    /// <summary>What is written is JSON for API clients, never HTML: only what JSON asks for is escaped.</summary>
    public static JsonWriterOptions Writer { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth + 16, SkipValidation = true };

    public static byte[] ToUtf8(JsonNode node)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, Writer))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
