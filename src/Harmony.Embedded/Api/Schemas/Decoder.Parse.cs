using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Schemas;

public static partial class Decoder
{
    /// <summary>The deepest nesting that is read.</summary>
    public const int MaxDepth = 128;

    /// <summary>At most so many repeated members are told of: each is a Warning header.</summary>
    private const int MaxDuplicates = 100;

    /// <summary>
    /// Parses JSON text. Where an object has a member twice the last one counts; the paths of those members come back beside the tree, to be
    /// passed on to <see cref="Decode"/>.
    /// </summary>
    /// <exception cref="ApiException">400: this is no JSON, or it is nested too deeply.</exception>
    public static (JsonNode? Root, IReadOnlyList<string> Duplicates) Parse(ReadOnlySpan<byte> json, string expectedKind)
    {
        var duplicates = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var root = Value(ref reader, "", duplicates);
            // Anything after the value is an error, which only a further read finds.
            reader.Read();
            return (root, duplicates);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Refusals.BadRequest(
                $"the object provided is unrecognized (must be of type {expectedKind}): couldn't get version/kind; json parse error: {Reason(json, e)} ({Summary(json)})");
        }
    }

    private static JsonNode? Value(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var obj = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    var inner = path.Length == 0 ? name : $"{path}.{name}";
                    var value = Value(ref reader, inner, duplicates);
                    if (obj.ContainsKey(name) && duplicates.Count < MaxDuplicates)
                    {
                        duplicates.Add(inner);
                    }

                    obj[name] = value;
                }

                return obj;
            case JsonTokenType.StartArray:
                var array = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    array.Add(Value(ref reader, string.Create(CultureInfo.InvariantCulture, $"{path}[{array.Count}]"), duplicates));
                }

                return array;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }

    private static string Reason(ReadOnlySpan<byte> json, Exception error)
    {
        if (error is not JsonException { LineNumber: { } line, BytePositionInLine: { } position })
        {
            return error.Message;
        }

        var rest = json;
        for (; line > 0 && rest.IndexOf((byte)'\n') is >= 0 and var end; line--)
        {
            rest = rest[(end + 1)..];
        }

        return position >= rest.TrimEnd(" \t\r\n"u8).Length ? "unexpected end of JSON input"
            : $"invalid character '{(char)rest[(int)position]}' looking for beginning of value";
    }

    private static string Summary(ReadOnlySpan<byte> json)
    {
        const int Length = 30;
        var start = json.Length > Length ? json[..Length] : json;
        var more = json.Length > Length ? " ..." : "";
        return json.IsEmpty ? "<empty>" : (json[0] == '{' ? Encoding.UTF8.GetString(start) : Convert.ToHexStringLower(start)) + more;
    }
}
