using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Storage;

/// <summary>One version of one object. Immutable, and so shared by all readers; each makes a tree of its own where it wants to change it.</summary>
public sealed class StoredObject
{
    private IReadOnlyDictionary<string, string>? labels;

    public StoredObject(ObjectKey key, long revision, ReadOnlySpan<byte> json)
    {
        Key = key;
        Revision = revision;
        Json = JsonElement.Parse(json, JsonLimits.Document);
    }

    public ObjectKey Key { get; }

    /// <summary>Its <c>metadata.resourceVersion</c>.</summary>
    public long Revision { get; }

    /// <summary>The object, with its resourceVersion in it.</summary>
    public JsonElement Json { get; }

    public ReadOnlySpan<byte> Utf8 => JsonMarshal.GetRawUtf8Value(Json);

    public IReadOnlyDictionary<string, string> Labels => labels ??= ReadLabels();

    public string Uid => Text("metadata", "uid") ?? "";

    /// <summary>A tree that the caller owns; parts that are not touched stay shared.</summary>
    public JsonObject ToTree() => JsonObject.Create(Json)!;

    /// <summary>The text at this path of property names; null where there is none.</summary>
    public string? Text(params ReadOnlySpan<string> path)
    {
        var element = Json;
        foreach (var step in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step, out element))
            {
                return null;
            }
        }

        return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
    }

    private Dictionary<string, string> ReadLabels()
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("labels", out var list) && list.ValueKind == JsonValueKind.Object)
        {
            foreach (var label in list.EnumerateObject())
            {
                map[label.Name] = label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString()! : "";
            }
        }

        return map;
    }
}
