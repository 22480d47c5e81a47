using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>One step of a path in a <see cref="FieldSet"/>.</summary>
internal static class FieldStep
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Field(string name) => "f:" + name;

    public static string Value(JsonNode? value) => "v:" + Compact(value);

    /// <summary>The step to an item of a map list; null where the item lacks a key that has no default.</summary>
    public static string? Key(JsonNode? item, Schema list, out string? missing)
    {
        missing = null;
        var keys = new JsonObject();
        foreach (var key in list.ListMapKeys.Order(StringComparer.Ordinal))
        {
            var value = (item as JsonObject)?[key]?.DeepClone() ?? list.Items?.Field(key)?.NewDefault();
            if (value is null)
            {
                missing = key;
                return null;
            }

            keys[key] = value;
        }

        return "k:" + Compact(keys);
    }

    /// <summary>The step to an item of a list that is owned item by item.</summary>
    public static string? Item(JsonNode? item, Schema list, out string? missing)
    {
        missing = null;
        return list.ListType == ListType.Map ? Key(item, list, out missing) : Value(item);
    }

    /// <summary>The step as messages have it: <c>.name</c>, <c>[name="c"]</c>, <c>[="v"]</c>.</summary>
    public static string Describe(string step) => step[0] switch
    {
        'f' => "." + step[2..],
        'k' => "[" + string.Join(',', Parse(step[2..]).Select(k => $"{k.Key}={Compact(k.Value)}")) + "]",
        'v' => "[=" + step[2..] + "]",
        _ => "[" + step[2..] + "]",
    };

    public static string Compact(JsonNode? value)
    {
        if (value is null)
        {
            return "null";
        }

        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            value.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static JsonObject Parse(string keys)
    {
        try
        {
            return JsonNode.Parse(keys) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
