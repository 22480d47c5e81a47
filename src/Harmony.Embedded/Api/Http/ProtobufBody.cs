using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Http;

/// <summary>
/// The requests that kubectl sends as protobuf whatever it is told: questions about access, tokens, evictions, options of deletions, and what its
/// <c>create</c> commands make. Nothing is lost: a kind or a field that is not known here is refused.
/// </summary>
internal static partial class ProtobufBody
{
    private const int MaxDepth = 16;

    /// <summary>The object in the envelope that Kubernetes puts around protobuf (<c>k8s\0</c>, runtime.Unknown).</summary>
    /// <exception cref="ApiException">400: it cannot be read; 415: its kind is taken as JSON only.</exception>
    public static JsonObject Read(ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith("k8s\0"u8))
        {
            throw ApiErrors.BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        try
        {
            string apiVersion = "", kind = "";
            ReadOnlyMemory<byte> raw = default;
            var rest = body[4..];
            while (Next(ref rest, out var field, out _, out var bytes))
            {
                if (field == 1)
                {
                    while (Next(ref bytes, out var inner, out _, out var text))
                    {
                        (apiVersion, kind) = inner == 1 ? (Encoding.UTF8.GetString(text.Span), kind) : inner == 2 ? (apiVersion, Encoding.UTF8.GetString(text.Span)) : (apiVersion, kind);
                    }
                }
                else if (field == 2)
                {
                    raw = bytes;
                }
            }

            if (!Kinds.TryGetValue(kind, out var message))
            {
                throw Refused($"a {kind}");
            }

            var obj = ReadMessage(raw, message, 0);
            obj["apiVersion"] = apiVersion;
            obj["kind"] = kind;
            return obj;
        }
        catch (InvalidDataException e)
        {
            throw ApiErrors.BadRequest($"the protobuf body cannot be read: {e.Message}");
        }
    }

    private static JsonObject ReadMessage(ReadOnlyMemory<byte> rest, Message message, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException("it is nested too deeply");
        }

        var obj = new JsonObject();
        while (Next(ref rest, out var number, out var value, out var bytes))
        {
            if (!message.TryGetValue(number, out var field))
            {
                // Go writes what is empty as well; only what says something must not be lost.
                if (value == 0 && SaysNothing(bytes, depth + 1))
                {
                    continue;
                }

                throw Refused($"field {number} of this kind");
            }

            // Go writes empty strings too; in JSON they are left out.
            if (field.Kind is Kind.Map or Kind.BytesMap or Kind.QuantityMap)
            {
                ReadEntry(bytes, field, obj);
                continue;
            }

            JsonNode? node = field.Kind switch
            {
                Kind.Message => ReadMessage(bytes, field.Inner!, depth + 1),
                Kind.Integer => (long)value,
                Kind.Boolean => value != 0,
                Kind.IntOrString => ReadIntOrString(bytes),
                _ => bytes.IsEmpty && !field.Repeated ? null : Encoding.UTF8.GetString(bytes.Span),
            };
            if (node is null)
            {
                continue;
            }

            if (field.Repeated)
            {
                if (obj[field.Name] is not JsonArray list)
                {
                    obj[field.Name] = list = [];
                }

                list.Add(node);
            }
            else
            {
                obj[field.Name] = node;
            }
        }

        return obj;
    }

    /// <summary>Whether this is empty, or a message of which all fields are.</summary>
    private static bool SaysNothing(ReadOnlyMemory<byte> rest, int depth)
    {
        try
        {
            while (Next(ref rest, out _, out var value, out var bytes))
            {
                if (value != 0 || depth > MaxDepth || !SaysNothing(bytes, depth + 1))
                {
                    return false;
                }
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static void ReadEntry(ReadOnlyMemory<byte> entry, Field field, JsonObject obj)
    {
        string key = "", value = "";
        while (Next(ref entry, out var number, out _, out var bytes))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(bytes.Span);
            }
            else
            {
                value = field.Kind switch
                {
                    Kind.BytesMap => Convert.ToBase64String(bytes.Span),
                    Kind.QuantityMap => ReadQuantity(bytes),
                    _ => Encoding.UTF8.GetString(bytes.Span),
                };
            }
        }

        if (obj[field.Name] is not JsonObject map)
        {
            obj[field.Name] = map = [];
        }

        map[key] = value;
    }

    /// <summary>A message of its own, which holds the text.</summary>
    private static string ReadQuantity(ReadOnlyMemory<byte> message)
    {
        var text = "";
        while (Next(ref message, out var number, out _, out var bytes))
        {
            text = number == 1 ? Encoding.UTF8.GetString(bytes.Span) : text;
        }

        return text;
    }

    private static JsonNode ReadIntOrString(ReadOnlyMemory<byte> message)
    {
        long number = 0;
        var text = "";
        var isText = false;
        while (Next(ref message, out var field, out var value, out var bytes))
        {
            switch (field)
            {
                case 1:
                    isText = value == 1;
                    break;
                case 2:
                    number = (long)value;
                    break;
                case 3:
                    text = Encoding.UTF8.GetString(bytes.Span);
                    break;
            }
        }

        return isText ? text : number;
    }

    private static ApiException Refused(string what) => new(415, "UnsupportedMediaType", $"{what} is not taken as protobuf: send application/json or application/yaml");

    private static bool Next(ref ReadOnlyMemory<byte> rest, out int field, out ulong value, out ReadOnlyMemory<byte> bytes)
    {
        (field, value, bytes) = (0, 0, default);
        if (rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint(ref rest);
        field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                value = Varint(ref rest);
                return true;
            case 1 when rest.Length >= 8:
                value = BinaryPrimitives.ReadUInt64LittleEndian(rest.Span);
                rest = rest[8..];
                return true;
            case 2:
                var length = Varint(ref rest);
                if (length > (ulong)rest.Length)
                {
                    throw new InvalidDataException("a field ends behind the end");
                }

                bytes = rest[..(int)length];
                rest = rest[(int)length..];
                return true;
            case 5 when rest.Length >= 4:
                value = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
                rest = rest[4..];
                return true;
            default:
                throw new InvalidDataException("a field has an unknown form");
        }
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (var i = 0; i < 10 && i < rest.Length; i++)
        {
            value |= (ulong)(rest.Span[i] & 0x7F) << (7 * i);
            if (rest.Span[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        throw new InvalidDataException("a number does not end");
    }
}
