using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>Reads texts that are JSON: strictly, one value after the other, so that tabs and surrogate escapes are taken as JSON has them.</summary>
internal static class YamlJson
{
    /// <exception cref="JsonException">The text is no JSON.</exception>
    /// <exception cref="YamlException">It is JSON, but a key is there twice or a limit is exceeded.</exception>
    public static List<YamlDocument> ReadAll(string text, YamlLimits limits)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var tree = new YamlTree(limits);
        var documents = new List<YamlDocument>();
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = limits.MaxDepth + 2 });
        var lines = new LineCounter(bytes);
        while (reader.Read())
        {
            tree.Lines = new(ReferenceEqualityComparer.Instance);
            var line = lines.At(reader.TokenStartIndex);
            documents.Add(new(Read(ref reader, ref lines, tree, 1), line) { Lines = tree.Lines });
        }

        return documents;
    }

    private static JsonNode? Read(ref Utf8JsonReader reader, ref LineCounter lines, YamlTree tree, int depth)
    {
        var line = lines.At(reader.TokenStartIndex);
        tree.Count(line, 1);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                tree.CheckDepth(depth, line, 1);
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    var keyLine = lines.At(reader.TokenStartIndex);
                    reader.Read();
                    YamlTree.Add(map, key, Read(ref reader, ref lines, tree, depth + 1), keyLine, 1);
                }

                return tree.Place(map, line);
            case JsonTokenType.StartArray:
                tree.CheckDepth(depth, line, 1);
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Read(ref reader, ref lines, tree, depth + 1));
                }

                return tree.Place(list, line);
            case JsonTokenType.String:
                return tree.Place(JsonValue.Create(reader.GetString()!), line);
            case JsonTokenType.True or JsonTokenType.False:
                return tree.Place(JsonValue.Create(reader.GetBoolean()), line);
            case JsonTokenType.Number:
                return tree.Place(Number(ref reader), line);
            default:
                return null;
        }
    }

    private static JsonValue Number(ref Utf8JsonReader reader) =>
        reader.TryGetInt64(out var integer) ? JsonValue.Create(integer)
        : reader.TryGetUInt64(out var natural) ? JsonValue.Create(natural)
        : JsonValue.Create(reader.GetDouble());

    private struct LineCounter(byte[] bytes)
    {
        private int position;
        private int line = 1;

        public int At(long index)
        {
            line += bytes.AsSpan(position, (int)index - position).Count((byte)'\n');
            position = (int)index;
            return line;
        }
    }
}
