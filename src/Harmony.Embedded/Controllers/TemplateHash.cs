using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// The short hashes in the names of revisions (<c>pod-template-hash</c>, <c>controller-revision-hash</c>): FNV-1a over the template with its
/// members in order, in the alphabet without vowels that Kubernetes uses. Kubernetes hashes Go's memory layout instead: its values differ.
/// </summary>
internal static class TemplateHash
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    public static string Of(JsonNode? template, long collisions = 0)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, template);
        }

        var hash = 2166136261u;
        foreach (var b in buffer.WrittenSpan)
        {
            hash = (hash ^ b) * 16777619;
        }

        if (collisions > 0)
        {
            foreach (var b in Encoding.ASCII.GetBytes(collisions.ToString(CultureInfo.InvariantCulture)))
            {
                hash = (hash ^ b) * 16777619;
            }
        }

        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(c => Alphabet[c % Alphabet.Length]));
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o:
                writer.WriteStartObject();
                foreach (var (name, value) in o.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray a:
                writer.WriteStartArray();
                foreach (var item in a)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
