using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Schemas;

/// <summary>Reads request bodies as kube-apiserver's decoder does: strict about types, told about unknown and repeated fields.</summary>
public static partial class Decoder
{
    private const string QuantityForm = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    /// <summary>
    /// Brings a request's object into the shape of its type, in place: wrong types are refused (for custom resources that is left to validation),
    /// unknown fields and nulls are dropped, quantities made canonical.
    /// </summary>
    /// <param name="root">The request's object; changed.</param>
    /// <param name="kind">What the request's path serves.</param>
    /// <param name="schema">The schema of <paramref name="kind"/>.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <param name="duplicates">The paths of repeated fields, from <see cref="Parse"/>.</param>
    /// <returns>Texts for Warning headers (the <c>299 - "…"</c> around them is the caller's).</returns>
    /// <exception cref="ApiException">400 in kube-apiserver's words.</exception>
    public static IReadOnlyList<string> Decode(
        JsonObject root, GroupVersionKind kind, Schema schema, FieldValidation validation, IReadOnlyList<string>? duplicates = null)
    {
        CheckKind(root, kind);
        var walk = new Walk(kind);
        walk.Struct(root, schema, "", "", schema.GoName.Length == 0 ? kind.Kind : schema.GoName);
        var complaints = (duplicates ?? []).Select(d => $"duplicate field \"{d}\"").Concat(walk.Unknown.Select(u => $"unknown field \"{u}\"")).ToList();
        return validation switch
        {
            FieldValidation.Strict when complaints.Count > 0 => throw Refusals.CannotBeHandled(kind, kind, "strict decoding error: " + string.Join(", ", complaints)),
            FieldValidation.Warn => complaints,
            _ => [],
        };
    }

    private static void CheckKind(JsonObject root, GroupVersionKind kind)
    {
        var given = root.GroupVersionKind;
        if (given.Kind.Length == 0 || root.ApiVersion.Length == 0)
        {
            root["apiVersion"] = root.ApiVersion.Length == 0 ? kind.ApiVersion : root.ApiVersion;
            root["kind"] = given.Kind.Length == 0 ? kind.Kind : given.Kind;
            given = root.GroupVersionKind;
        }

        if (given == kind)
        {
            return;
        }

        if (given.Kind != kind.Kind && SchemaCatalog.TypeNameOf(given) is not null)
        {
            var group = kind.Group.Length == 0 ? "core" : kind.Group.Split('.')[0];
            throw Refusals.CannotBeHandled(given, kind, $"converting ({given.Version}.{given.Kind}) to ({group}.{kind.Kind}): unknown conversion");
        }

        throw given.Kind == kind.Kind
            ? Refusals.BadRequest($"the API version in the data ({given.ApiVersion}) does not match the expected API version ({kind.ApiVersion})")
            : Refusals.CannotBeHandled(given, kind, $"no kind \"{given.Kind}\" is registered for version \"{given.ApiVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
    }

    /// <summary>One pass over one object.</summary>
    private sealed class Walk(GroupVersionKind kind)
    {
        private const int MaxUnknown = 100;

        public List<string> Unknown { get; } = [];

        /// <summary>An object with named fields. <paramref name="goPath"/> is the path without indexes and keys, as Go's errors have it.</summary>
        public void Struct(JsonObject obj, Schema schema, string path, string goPath, string owner)
        {
            foreach (var (name, value) in obj.ToList())
            {
                var inner = path.Length == 0 ? name : $"{path}.{name}";
                if (!schema.Properties.TryGetValue(name, out var field))
                {
                    if (schema.AdditionalProperties is { } additional)
                    {
                        field = additional;
                    }
                    else if (schema.PreserveUnknownFields || (schema.EmbeddedResource && name is ("apiVersion" or "kind" or "metadata")))
                    {
                        continue;
                    }
                    else
                    {
                        if (Unknown.Count < MaxUnknown)
                        {
                            Unknown.Add(inner);
                        }

                        obj.Remove(name);
                        continue;
                    }
                }

                if (value is null)
                {
                    // Go reads null as absent; of custom resources a null stays, unless a default can take its place.
                    if (!schema.IsCustom || (field.Default is not null && !field.Nullable))
                    {
                        obj.Remove(name);
                    }

                    continue;
                }

                if (Value(value, field, inner, goPath.Length == 0 ? name : $"{goPath}.{name}", owner) is { } replaced && !ReferenceEquals(replaced, value))
                {
                    obj[name] = replaced;
                }

                if (!schema.IsCustom && IsEmpty(obj[name], field))
                {
                    if (field.Kind is SchemaKind.List && field.AlwaysPresent)
                    {
                        continue;
                    }

                    obj.Remove(name);
                }
            }
        }

        private JsonNode? Value(JsonNode value, Schema schema, string path, string goPath, string owner)
        {
            switch (schema.Kind)
            {
                case SchemaKind.Object when value is JsonObject obj:
                    Struct(obj, schema, path, goPath, schema.GoName.Length == 0 ? owner : schema.GoName);
                    return value;
                case SchemaKind.Map when value is JsonObject map:
                    foreach (var (key, item) in map.ToList())
                    {
                        if (item is null)
                        {
                            map[key] = schema.IsCustom ? null : Zero(schema.AdditionalProperties!);
                        }
                        else if (Value(item, schema.AdditionalProperties!, $"{path}.{key}", goPath, owner) is { } replaced && !ReferenceEquals(replaced, item))
                        {
                            map[key] = replaced;
                        }
                    }

                    return value;
                case SchemaKind.List when value is JsonArray list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        var item = list[i];
                        if (item is null)
                        {
                            list[i] = schema.IsCustom ? null : Zero(schema.Items!);
                        }
                        else if (schema.Items is not null
                            && Value(item, schema.Items, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), goPath, owner) is { } replaced && !ReferenceEquals(replaced, item))
                        {
                            list[i] = replaced;
                        }
                    }

                    return value;
                case SchemaKind.Any:
                    return value;
                default:
                    return schema.IsCustom ? value : Scalar(value, schema, goPath, owner);
            }
        }

        private JsonNode? Scalar(JsonNode value, Schema schema, string goPath, string owner)
        {
            switch (schema.Kind)
            {
                case SchemaKind.String when value.AsText() is not null:
                case SchemaKind.Boolean when value.AsBool() is not null:
                case SchemaKind.Number when value.GetValueKind() == System.Text.Json.JsonValueKind.Number:
                case SchemaKind.IntOrString when value.AsText() is not null || value.AsInt() is not null:
                    return value;
                case SchemaKind.Integer when value.GetValueKind() == System.Text.Json.JsonValueKind.Number:
                    return schema.Format == "int64" ? value.AsLong() is { } l ? JsonValue.Create(l) : throw Mismatch($"number {value.ToJsonString()}", schema, goPath, owner)
                        : value.AsInt() is { } i ? JsonValue.Create(i) : throw Mismatch($"number {value.ToJsonString()}", schema, goPath, owner);
                case SchemaKind.Bytes when value.AsText() is { } text:
                    return Base64Error(text) is { } at ? throw Refuse(string.Create(CultureInfo.InvariantCulture, $"illegal base64 data at input byte {at}")) : value;
                case SchemaKind.Quantity when value.AsText() is { } text:
                    return Quantity.TryParse(text, out var quantity) ? Canonical(value, text, quantity) : throw Refuse(QuantityForm);
                case SchemaKind.Quantity when value.GetValueKind() == System.Text.Json.JsonValueKind.Number:
                    return Quantity.TryParse(value.ToJsonString(), out var number) ? JsonValue.Create(number.ToString()) : throw Refuse(QuantityForm);
                case SchemaKind.Time or SchemaKind.MicroTime when value.AsText() is { } text:
                    return Instant(value, text, schema.Kind);
                case SchemaKind.Quantity or SchemaKind.Time or SchemaKind.MicroTime:
                    throw Refuse($"json: cannot unmarshal {Word(value)} into Go value of type {(schema.Kind == SchemaKind.Quantity ? "resource.Quantity" : "string")}");
                case SchemaKind.IntOrString:
                    throw Refuse($"json: cannot unmarshal {Word(value)} into Go value of type int32");
                default:
                    throw Mismatch(Word(value), schema, goPath, owner);
            }
        }

        private static JsonNode Canonical(JsonNode value, string text, Quantity quantity)
        {
            var canonical = quantity.ToString();
            return canonical == text ? value : JsonValue.Create(canonical);
        }

        private JsonNode Instant(JsonNode value, string text, SchemaKind schema)
        {
            if (Timestamps.Parse(text) is not { } time || text.Length < 20 || text[10] != 'T')
            {
                var form = schema == SchemaKind.Time ? "2006-01-02T15:04:05Z07:00" : "2006-01-02T15:04:05.000000Z07:00";
                throw Refuse($"parsing time \"{text}\" as \"{form}\": cannot parse \"{text}\" as \"2006\"");
            }

            var canonical = schema == SchemaKind.Time ? Timestamps.Format(time) : Timestamps.FormatMicro(time);
            return canonical == text ? value : JsonValue.Create(canonical);
        }

        private ApiException Mismatch(string given, Schema schema, string goPath, string owner) =>
            Refuse($"json: cannot unmarshal {given} into Go struct field {owner}.{goPath} of type {GoType(schema)}");

        private ApiException Refuse(string why) => Refusals.CannotBeHandled(kind, kind, why);

        private string GoType(Schema schema) => schema.Kind switch
        {
            SchemaKind.Object => PackageOf(schema) + schema.GoName,
            SchemaKind.Map => "map[string]" + GoType(schema.AdditionalProperties!),
            SchemaKind.List => "[]" + GoType(schema.Items!),
            SchemaKind.Bytes => "[]uint8",
            SchemaKind.Integer => schema.Format ?? "int64",
            SchemaKind.Number => "float64",
            SchemaKind.Boolean => "bool",
            SchemaKind.Quantity => "resource.Quantity",
            _ => "string",
        };

        private static string PackageOf(Schema schema) => schema.TypeName?.Split('.') is [.., var package, _] ? package + "." : "";

        private static string Word(JsonNode value) => value.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.Object => "object",
            System.Text.Json.JsonValueKind.Array => "array",
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => "number",
            _ => "bool",
        };

        /// <summary>What Go's omitempty leaves out.</summary>
        private static bool IsEmpty(JsonNode? value, Schema schema) => schema.Kind switch
        {
            SchemaKind.String => !schema.KeepsEmpty && value.AsText() is "",
            SchemaKind.List => value is JsonArray { Count: 0 },
            SchemaKind.Map => value is JsonObject { Count: 0 },
            _ => false,
        };

        private static JsonNode? Zero(Schema schema) => schema.Kind switch
        {
            SchemaKind.Object or SchemaKind.Map => new JsonObject(),
            SchemaKind.List => new JsonArray(),
            SchemaKind.Integer or SchemaKind.Number or SchemaKind.IntOrString => JsonValue.Create(0),
            SchemaKind.Boolean => JsonValue.Create(false),
            SchemaKind.Quantity => JsonValue.Create("0"),
            _ => JsonValue.Create(""),
        };

        /// <summary>Where the text stops being base64, as Go counts; null where it is good.</summary>
        private static int? Base64Error(string text)
        {
            var valid = 0;
            var padding = 0;
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (c is '\r' or '\n')
                {
                    continue;
                }

                if (c == '=')
                {
                    if (valid % 4 < 2 || ++padding > 4 - (valid % 4))
                    {
                        return i;
                    }
                }
                else if (padding > 0 || !(char.IsAsciiLetterOrDigit(c) || c is '+' or '/'))
                {
                    return i;
                }
                else
                {
                    valid++;
                }
            }

            return (valid + padding) % 4 == 0 ? null : text.Length - (valid % 4);
        }
    }
}
