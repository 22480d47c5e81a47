using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.OpenApi;

/// <summary>Writes <c>components.schemas</c>: the served kinds, their lists, and every type that they reach.</summary>
internal sealed class ComponentWriter(Utf8JsonWriter writer, string group, string version)
{
    public const string Scale = "io.k8s.api.autoscaling.v1.Scale";

    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private const string ListMeta = Meta + "ListMeta";
    private const string ObjectMeta = Meta + "ObjectMeta";
    private readonly Dictionary<string, string> descriptions = SchemaCatalog.ReadDescriptions();
    private readonly Queue<string> pending = new([Meta + "DeleteOptions", Meta + "Status", Meta + "Patch"]);
    private readonly HashSet<string> known = new([Meta + "DeleteOptions", Meta + "Status", Meta + "Patch"], StringComparer.Ordinal);
    private readonly HashSet<string> written = new(StringComparer.Ordinal);

    /// <summary>The name of a kind's schema; a custom one's begins with its group, turned around.</summary>
    public string NameOf(ApiResource resource) =>
        SchemaCatalog.TypeNameOf(resource.GroupVersionKind)
        ?? string.Join('.', resource.Group.Split('.').Reverse().Append(resource.Version).Append(resource.Kind));

    public void Write(ApiResource resource, Func<ApiResource, JsonObject?> customSchemas)
    {
        var name = NameOf(resource);
        if (SchemaCatalog.TypeNameOf(resource.GroupVersionKind) is not null)
        {
            Reach(name);
        }
        else if (written.Add(name))
        {
            Custom(name, resource, customSchemas(resource));
        }

        if (resource.Subresources.Contains("scale", StringComparer.Ordinal))
        {
            Reach(Scale);
        }

        if (resource.Verbs.Contains("list", StringComparer.Ordinal) && written.Add(name + "List"))
        {
            List(name, resource);
        }
    }

    /// <summary>Writes the types that others reached, and those that these reach.</summary>
    public void WriteReferenced()
    {
        while (pending.TryDequeue(out var name))
        {
            if (written.Add(name))
            {
                BuiltIn(name);
            }
        }
    }

    private void Reach(string name)
    {
        if (known.Add(name))
        {
            pending.Enqueue(name);
        }
    }

    private void BuiltIn(string name)
    {
        writer.WriteStartObject(name);
        if (descriptions.TryGetValue(name, out var description))
        {
            writer.WriteString("description", description);
        }

        switch (name[(name.LastIndexOf('.') + 1)..])
        {
            case "Time" or "MicroTime":
                writer.WriteString("type", "string");
                writer.WriteString("format", "date-time");
                break;
            case "Quantity":
                writer.WriteString("description", "A fixed-point number, such as 100m or 1Gi.");
                writer.WriteStartArray("oneOf");
                writer.WriteRawValue("""{"type":"string"}""");
                writer.WriteRawValue("""{"type":"number"}""");
                writer.WriteEndArray();
                break;
            case "IntOrString":
                writer.WriteString("format", "int-or-string");
                writer.WriteStartArray("oneOf");
                writer.WriteRawValue("""{"type":"integer"}""");
                writer.WriteRawValue("""{"type":"string"}""");
                writer.WriteEndArray();
                break;
            default:
                using (var type = JsonDocument.Parse(SchemaCatalog.Text(name)))
                {
                    Members(type.RootElement, name);
                }

                Kinds(name);
                break;
        }

        writer.WriteEndObject();
    }

    private void Kinds(string name)
    {
        if (name == Meta + "DeleteOptions")
        {
            writer.WriteKind(new(group, version, "DeleteOptions"), asList: true);
        }
        else if (name == Meta + "Status")
        {
            writer.WriteKind(new("", "v1", "Status"), asList: true);
        }
        else if (SchemaCatalog.KindOf(name) is { } kind)
        {
            writer.WriteKind(kind, asList: true);
        }
    }

    private void Members(JsonElement schema, string? typeName)
    {
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "properties":
                    writer.WriteStartObject("properties");
                    foreach (var field in member.Value.EnumerateObject())
                    {
                        writer.WriteStartObject(field.Name);
                        if (typeName is not null && descriptions.TryGetValue($"{typeName}#{field.Name}", out var description))
                        {
                            writer.WriteString("description", description);
                        }

                        Field(field.Value);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndObject();
                    break;
                case "items" or "additionalProperties":
                    writer.WriteStartObject(member.Name);
                    if (member.Value.TryGetProperty("$ref", out var reference))
                    {
                        Reference(reference.GetString()!);
                    }
                    else
                    {
                        Members(member.Value, null);
                    }

                    writer.WriteEndObject();
                    break;
                case "x-struct" or "x-bare" or "x-ptr" or "$ref":
                    break;
                default:
                    member.WriteTo(writer);
                    break;
            }
        }
    }

    private void Field(JsonElement field)
    {
        if (!field.TryGetProperty("$ref", out var reference))
        {
            Members(field, null);
            return;
        }

        // OpenAPI 3.0 lets nothing stand beside a $ref: what belongs to the field's place goes around it.
        if (field.TryGetProperty("x-struct", out _))
        {
            writer.WriteStartObject("default");
            writer.WriteEndObject();
        }

        writer.WriteStartArray("allOf");
        writer.WriteStartObject();
        Reference(reference.GetString()!);
        writer.WriteEndObject();
        writer.WriteEndArray();
        Members(field, null);
    }

    private void Reference(string name)
    {
        Reach(name);
        writer.WriteString("$ref", "#/components/schemas/" + name);
    }

    private void List(string name, ApiResource resource)
    {
        writer.WriteStartObject(name + "List");
        writer.WriteString("description", $"{resource.Kind}List is a list of {resource.Kind}.");
        writer.WriteString("type", "object");
        writer.WriteStartArray("required");
        writer.WriteStringValue("items");
        writer.WriteEndArray();
        writer.WriteStartObject("properties");
        Text("apiVersion", "APIVersion defines the versioned schema of this representation of an object.");
        Text("kind", "Kind is a string value representing the REST resource this object represents.");
        writer.WriteStartObject("items");
        writer.WriteString("type", "array");
        writer.WriteStartObject("items");
        writer.WriteString("$ref", "#/components/schemas/" + name);
        writer.WriteEndObject();
        writer.WriteEndObject();
        Metadata(ListMeta);
        writer.WriteEndObject();
        writer.WriteKind(resource.GroupVersionKind with { Kind = resource.ListKind }, asList: true);
        writer.WriteEndObject();
    }

    private void Custom(string name, ApiResource resource, JsonObject? schema)
    {
        writer.WriteStartObject(name);
        var properties = schema?["properties"] as JsonObject ?? [];
        foreach (var (member, value) in schema ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true })
        {
            if (member != "properties")
            {
                Value(member, value);
            }
        }

        writer.WriteStartObject("properties");
        Text("apiVersion", "APIVersion defines the versioned schema of this representation of an object.");
        Text("kind", "Kind is a string value representing the REST resource this object represents.");
        Metadata(ObjectMeta);
        foreach (var (field, value) in properties.Where(p => p.Key is not ("apiVersion" or "kind" or "metadata")))
        {
            Value(field, value);
        }

        writer.WriteEndObject();
        writer.WriteKind(resource.GroupVersionKind, asList: true);
        writer.WriteEndObject();
    }

    private void Value(string name, JsonNode? value)
    {
        writer.WritePropertyName(name);
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            value.WriteTo(writer);
        }
    }

    private void Text(string name, string description)
    {
        writer.WriteStartObject(name);
        writer.WriteString("description", description);
        writer.WriteString("type", "string");
        writer.WriteEndObject();
    }

    private void Metadata(string type)
    {
        writer.WriteStartObject("metadata");
        writer.WriteString("description", "Standard metadata.");
        writer.WriteStartObject("default");
        writer.WriteEndObject();
        writer.WriteStartArray("allOf");
        writer.WriteStartObject();
        Reference(type);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
