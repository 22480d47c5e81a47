using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Claims, volumes and storage classes.</summary>
internal static class StorageValidation
{
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public static void Claim(JsonObject spec, string path, FieldErrors errors)
    {
        Modes(spec, path, errors);
        if (spec["selector"] is JsonObject selector)
        {
            errors.Selector(selector, path + ".selector");
        }

        var storage = spec.At("resources", "requests", "storage").AsText();
        if (storage is null)
        {
            errors.Required(path + ".resources[storage]");
        }
        else if (!Quantity.TryParse(storage, out var size) || size <= Quantity.Zero)
        {
            errors.Invalid(path + ".resources[storage]", storage, "must be greater than zero");
        }

        if (spec.Text("storageClassName") is { Length: > 0 } name)
        {
            errors.All(path + ".storageClassName", name, Names.Subdomain(name));
        }

        errors.OneOf(spec, path, "volumeMode", required: false, "Block", "Filesystem");
    }

    public static void ClaimUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var before = old["spec"]?.DeepClone() as JsonObject ?? [];
        var after = obj["spec"]?.DeepClone() as JsonObject ?? [];
        // Binding a claim gives it its volume, and a class where it had none.
        if (string.IsNullOrEmpty(before.Text("volumeName")))
        {
            before.Remove("volumeName");
            after.Remove("volumeName");
        }

        if (before["storageClassName"] is null)
        {
            after.Remove("storageClassName");
        }

        before.Remove("volumeAttributesClassName");
        after.Remove("volumeAttributesClassName");
        if (old.At("status", "phase").AsText() == "Bound")
        {
            var smaller = Quantity.TryParse(after.At("resources", "requests", "storage").AsText(), out var now)
                && Quantity.TryParse(before.At("resources", "requests", "storage").AsText(), out var then) && now < then;
            if (smaller)
            {
                errors.Forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
            }

            (before["resources"] as JsonObject)?.Remove("requests");
            (after["resources"] as JsonObject)?.Remove("requests");
        }

        if (!JsonNode.DeepEquals(before, after))
        {
            errors.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }

    public static void Volume(JsonObject obj, FieldErrors errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        Modes(spec, "spec", errors);
        if (spec["capacity"] is not JsonObject { Count: > 0 } capacity)
        {
            errors.Required("spec.capacity");
        }
        else if (capacity["storage"] is null || capacity.Count > 1)
        {
            errors.NotSupported("spec.capacity", capacity.DeepClone(), "storage");
        }

        if (Sources(spec).Count == 0)
        {
            errors.Required("spec", "must specify a volume type");
        }

        foreach (var extra in Sources(spec).Skip(1))
        {
            errors.Forbidden("spec." + extra, "may not specify more than 1 volume type");
        }

        errors.OneOf(spec, "spec", "persistentVolumeReclaimPolicy", required: false, "Delete", "Recycle", "Retain");
        errors.OneOf(spec, "spec", "volumeMode", required: false, "Block", "Filesystem");
        if (spec["hostPath"] is JsonObject host)
        {
            errors.Need(host, "spec.hostPath", "path");
        }

        if (spec["local"] is JsonObject local)
        {
            errors.Need(local, "spec.local", "path");
            if (spec["nodeAffinity"] is null)
            {
                errors.Required("spec.nodeAffinity", "Local volume requires node affinity");
            }
        }
    }

    public static void VolumeUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var before = old["spec"] as JsonObject ?? [];
        var after = obj["spec"] as JsonObject ?? [];
        if (Sources(before).Union(Sources(after), StringComparer.Ordinal).Any(s => !JsonNode.DeepEquals(before[s], after[s])))
        {
            errors.Forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation");
        }

        errors.Same(after["volumeMode"], before["volumeMode"], "spec.volumeMode");
    }

    public static void StorageClass(JsonObject obj, FieldErrors errors)
    {
        errors.Need(obj, "", "provisioner");
        errors.OneOf(obj, "", "reclaimPolicy", required: false, "Delete", "Retain");
        errors.OneOf(obj, "", "volumeBindingMode", required: true, "Immediate", "WaitForFirstConsumer");
    }

    public static void StorageClassUpdate(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        foreach (var field in new[] { "parameters", "provisioner", "reclaimPolicy" })
        {
            if (!JsonNode.DeepEquals(obj[field], old[field]))
            {
                errors.Forbidden(field, $"updates to {field} are forbidden.");
            }
        }

        errors.Same(obj["volumeBindingMode"], old["volumeBindingMode"], "volumeBindingMode");
    }

    private static List<string> Sources(JsonObject spec) =>
        [.. spec.Where(p => p.Value is JsonObject && p.Key is not ("capacity" or "claimRef" or "nodeAffinity")).Select(p => p.Key)];

    private static void Modes(JsonObject spec, string path, FieldErrors errors)
    {
        if (spec["accessModes"] is not JsonArray { Count: > 0 } modes)
        {
            errors.Required(path + ".accessModes", "at least 1 access mode is required");
            return;
        }

        foreach (var mode in modes.Where(m => !AccessModes.Contains(m.AsText() ?? "", StringComparer.Ordinal)))
        {
            errors.NotSupported(path + ".accessModes", mode, AccessModes);
        }

        if (modes.Count > 1 && modes.Any(m => m.AsText() == "ReadWriteOncePod"))
        {
            errors.Forbidden(path + ".accessModes", "may not use ReadWriteOncePod with other access modes");
        }
    }
}
