using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

internal static class MetadataValidation
{
    /// <summary>The bound of all annotations of an object, in bytes.</summary>
    private const int MaxAnnotations = 256 * 1024;

    public static void Create(JsonObject obj, ApiResource resource, FieldErrors errors)
    {
        var prefix = obj.Metadata.Text("generateName");
        if (!string.IsNullOrEmpty(prefix))
        {
            // What will be appended is no concern of the prefix' end.
            errors.All("metadata.generateName", prefix, NameOf(prefix.EndsWith('-') ? prefix[..^1] + "a" : prefix, resource));
        }

        if (obj.Name.Length == 0)
        {
            errors.Required("metadata.name", "name or generateName is required");
        }
        else
        {
            errors.All("metadata.name", obj.Name, NameOf(obj.Name, resource));
        }

        Common(obj, errors);
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        Common(obj, errors);
        foreach (var field in new[] { "name", "namespace", "uid", "creationTimestamp" })
        {
            // What the request leaves out, the API fills in.
            if (obj.Metadata[field] is { } given && old.Metadata[field] is { } stored)
            {
                errors.Same(given, stored, "metadata." + field);
            }
        }

        if (old.IsBeingDeleted)
        {
            var before = old.At("metadata", "finalizers").Items().Select(f => f.AsText()).ToHashSet(StringComparer.Ordinal);
            var added = obj.At("metadata", "finalizers").Items().Select(f => f.AsText()).Where(f => !before.Contains(f)).ToList();
            if (added.Count > 0)
            {
                errors.Forbidden(
                    "metadata.finalizers",
                    $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(f => $"\"{f}\""))}}}");
            }
        }
    }

    private static void Common(JsonObject obj, FieldErrors errors)
    {
        errors.Labels(obj.At("metadata", "labels"), "metadata.labels");
        Annotations(obj.At("metadata", "annotations"), "metadata.annotations", errors);
        foreach (var (owner, path) in obj.At("metadata", "ownerReferences").Each("metadata.ownerReferences"))
        {
            foreach (var field in new[] { "apiVersion", "kind", "name", "uid" })
            {
                if (string.IsNullOrEmpty(owner.Text(field)))
                {
                    errors.Invalid($"{path}.{field}", "", field == "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }
        }

        if (obj.At("metadata", "ownerReferences").Objects().Count(o => o["controller"].AsBool() == true) > 1)
        {
            errors.Invalid(
                "metadata.ownerReferences", obj.At("metadata", "ownerReferences"), "Only one reference can have Controller set to true. Found \"true\" in references for several owners");
        }

        foreach (var finalizer in obj.At("metadata", "finalizers").Items().Select(f => f.AsText() ?? ""))
        {
            if (LabelSyntax.CheckName(finalizer) is { } fault)
            {
                errors.Invalid("metadata.finalizers", finalizer, fault);
            }
        }
    }

    public static void Annotations(JsonNode? annotations, string path, FieldErrors errors)
    {
        var size = 0L;
        foreach (var (key, value) in annotations.AsTextMap())
        {
            if (LabelSyntax.CheckName(key.ToLowerInvariant()) is { } fault)
            {
                errors.Invalid(path, key, fault);
            }

            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
        }

        if (size > MaxAnnotations)
        {
            errors.TooLong(path, MaxAnnotations);
        }
    }

    private static IEnumerable<string> NameOf(string name, ApiResource resource) => resource.Name switch
    {
        "namespaces" => Names.Label(name),
        "services" => Names.Label1035(name),
        "cronjobs.batch" => name.Length > 52 ? Names.Subdomain(name).Prepend("must be no more than 52 characters") : Names.Subdomain(name),
        _ when resource.Group == "rbac.authorization.k8s.io" => Names.PathSegment(name),
        _ => Names.Subdomain(name),
    };
}
