using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// Walks JSON trees that may lack any part: a missing step, or a value of another type, reads as null or empty, never as an exception.
/// </summary>
public static class JsonTree
{
    extension(JsonNode? self)
    {
        /// <summary>The node at this path of property names; null where any step is missing.</summary>
        public JsonNode? At(params ReadOnlySpan<string> path)
        {
            var node = self;
            foreach (var step in path)
            {
                if (node is not JsonObject o || !o.TryGetPropertyValue(step, out node))
                {
                    return null;
                }
            }

            return node;
        }

        public string? AsText() => self is JsonValue v && v.TryGetValue<string>(out var text) ? text : null;

        public bool? AsBool() => self is JsonValue v && v.TryGetValue<bool>(out var flag) ? flag : null;

        public long? AsLong() => self is not JsonValue v ? null
            : v.TryGetValue<long>(out var l) ? l
            : v.TryGetValue<int>(out var i) ? i
            : v.TryGetValue<double>(out var d) && d == Math.Floor(d) && Math.Abs(d) < 1e15 ? (long)d : null;

        public int? AsInt() => self.AsLong() is { } l and >= int.MinValue and <= int.MaxValue ? (int)l : null;

        /// <summary>The amount written here, as text or as a number; null where it is missing or unreadable.</summary>
        public Quantity? AsQuantity() => self is JsonValue v && Quantity.TryParse(v.AsText() ?? v.ToJsonString(), out var amount) ? amount : null;

        /// <summary>The items of a list; nothing where this is no list.</summary>
        public IEnumerable<JsonNode?> Items() => self is JsonArray array ? array : [];

        /// <summary>The items of a list that are objects.</summary>
        public IEnumerable<JsonObject> Objects() => self.Items().OfType<JsonObject>();

        /// <summary>The string-valued members of an object; empty where this is no object.</summary>
        public IReadOnlyDictionary<string, string> AsTextMap()
        {
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            if (self is JsonObject o)
            {
                foreach (var (key, value) in o)
                {
                    if (value.AsText() is { } text)
                    {
                        map[key] = text;
                    }
                }
            }

            return map;
        }
    }

    extension(JsonObject self)
    {
        public string? Text(string name) => self.TryGetPropertyValue(name, out var node) ? node.AsText() : null;

        /// <summary>The object under this name, created where it is missing or no object.</summary>
        public JsonObject Child(string name)
        {
            if (self[name] is JsonObject child)
            {
                return child;
            }

            child = [];
            self[name] = child;
            return child;
        }

        /// <summary>The list under this name, created where it is missing or no list.</summary>
        public JsonArray List(string name)
        {
            if (self[name] is JsonArray list)
            {
                return list;
            }

            list = [];
            self[name] = list;
            return list;
        }
    }
}
