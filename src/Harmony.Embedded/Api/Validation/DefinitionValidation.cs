using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Custom resource definitions.</summary>
internal static class DefinitionValidation
{
    public static void Validate(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var names = spec["names"] as JsonObject ?? [];
        var group = spec.Text("group") ?? "";
        var required = $"{names.Text("plural")}.{group}";
        if (obj.Name.Length > 0 && obj.Name != required)
        {
            errors.Invalid("metadata.name", obj.Name, "must be spec.names.plural+\".\"+spec.group");
        }

        if (errors.Need(spec, "spec", "group") is not null)
        {
            errors.All("spec.group", group, Names.Subdomain(group));
            if (group.Split('.').Length < 2)
            {
                errors.Invalid("spec.group", group, "should be a domain with at least one dot");
            }
        }

        errors.OneOf(spec, "spec", "scope", required: true, "Cluster", "Namespaced");
        Versions(spec, errors);
        if (errors.Need(names, "spec.names", "plural") is { } plural)
        {
            errors.All("spec.names.plural", plural, Names.Label1035(plural));
        }

        errors.Need(names, "spec.names", "singular");
        if (errors.Need(names, "spec.names", "kind") is { } kind)
        {
            errors.All("spec.names.kind", kind, Names.Label1035(kind.ToLowerInvariant()));
        }

        errors.Need(names, "spec.names", "listKind");
        if (names.Text("listKind") is { Length: > 0 } list && list == names.Text("kind"))
        {
            errors.Invalid("spec.names.listKind", list, "kind and listKind may not be the same");
        }

        foreach (var (word, i) in names["shortNames"].Items().Select((s, i) => (s.AsText() ?? "", i)))
        {
            errors.All($"spec.names.shortNames[{i}]", word, Names.Label1035(word));
        }
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        errors.Same(obj.At("spec", "group"), old.At("spec", "group"), "spec.group");
        errors.Same(obj.At("spec", "names", "plural"), old.At("spec", "names", "plural"), "spec.names.plural");
        if (old.Condition("Established")?.Text("status") == "True")
        {
            errors.Same(obj.At("spec", "scope"), old.At("spec", "scope"), "spec.scope");
            errors.Same(obj.At("spec", "names", "kind"), old.At("spec", "names", "kind"), "spec.names.kind");
        }
    }

    private static void Versions(JsonObject spec, FieldErrors errors)
    {
        var versions = spec["versions"] as JsonArray ?? [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (version, path) in versions.Each("spec.versions"))
        {
            var name = version.Text("name") ?? "";
            errors.All(path + ".name", name, Names.Label1035(name));
            if (!seen.Add(name))
            {
                errors.Invalid(path + ".name", name, "must be unique");
            }

            if (version.At("schema", "openAPIV3Schema") is not JsonObject schema)
            {
                errors.Required(path + ".schema.openAPIV3Schema", "schemas are required");
            }
            else
            {
                Structural(schema, path + ".schema.openAPIV3Schema", isRoot: true, errors, 0);
            }
        }

        if (versions.OfType<JsonObject>().Count(v => v["storage"].AsBool() == true) != 1)
        {
            errors.Invalid("spec.versions", versions, "must have exactly one version marked as storage version");
        }
    }

    /// <summary>The rules that make a schema structural: each node says its type, arrays say their items.</summary>
    private static void Structural(JsonObject schema, string path, bool isRoot, FieldErrors errors, int depth)
    {
        if (depth > 64)
        {
            errors.Invalid(path, "", "is nested too deeply");
            return;
        }

        var type = schema.Text("type");
        var free = schema["x-kubernetes-preserve-unknown-fields"].AsBool() == true || schema["x-kubernetes-int-or-string"].AsBool() == true;
        if (string.IsNullOrEmpty(type))
        {
            if (isRoot)
            {
                errors.Required(path + ".type", "must not be empty at the root");
            }
            else if (!free)
            {
                errors.Required(path + ".type", "must not be empty for specified object fields");
            }
        }
        else if (isRoot && type != "object")
        {
            errors.Invalid(path + ".type", type, "must be object at the root");
        }

        if (type == "array" && schema["items"] is not JsonObject)
        {
            errors.Required(path + ".items", "must be specified");
        }

        if (schema["properties"] is JsonObject && schema["additionalProperties"] is not null)
        {
            errors.Forbidden(path + ".additionalProperties", "additionalProperties and properties are mutual exclusive");
        }

        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject field && !(isRoot && name == "metadata"))
            {
                Structural(field, $"{path}.properties[{name}]", isRoot: false, errors, depth + 1);
            }
        }

        foreach (var below in new[] { "items", "additionalProperties" })
        {
            if (schema[below] is JsonObject inner)
            {
                Structural(inner, $"{path}.{below}", isRoot: false, errors, depth + 1);
            }
        }
    }
}
