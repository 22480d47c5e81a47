using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Validation;

internal static partial class PodValidation
{
    private static Dictionary<string, JsonObject> Volumes(JsonObject spec, string path, FieldErrors errors)
    {
        var volumes = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (volume, at) in spec["volumes"].Each(path + ".volumes"))
        {
            Source(volume, at, errors);
            if (errors.Need(volume, at, "name") is not { } name)
            {
                continue;
            }

            var faults = Names.Label(name).ToList();
            errors.All(at + ".name", name, faults);
            if (faults.Count == 0 && !volumes.TryAdd(name, volume))
            {
                errors.Duplicate(at + ".name", name);
            }
        }

        return volumes;
    }

    private static void Source(JsonObject volume, string path, FieldErrors errors)
    {
        var sources = volume.Where(p => p.Key != "name" && p.Value is JsonObject).Select(p => p.Key).ToList();
        if (sources.Count == 0)
        {
            errors.Required(path, "must specify a volume type");
        }

        foreach (var extra in sources.Skip(1))
        {
            errors.Forbidden($"{path}.{extra}", "may not specify more than 1 volume type");
        }

        switch (sources.FirstOrDefault())
        {
            case "hostPath":
                var host = volume["hostPath"]!.AsObject();
                if (errors.Need(host, path + ".hostPath", "path") is { } folder && folder.Split('/').Contains("..", StringComparer.Ordinal))
                {
                    errors.Invalid(path + ".hostPath.path", folder, "must not contain '..'");
                }

                errors.OneOf(
                    host, path + ".hostPath", "type", required: false, "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket");
                break;
            case "configMap":
                errors.Need(volume["configMap"]!.AsObject(), path + ".configMap", "name");
                Items(volume["configMap"]!.AsObject(), path + ".configMap", errors);
                break;
            case "secret":
                errors.Need(volume["secret"]!.AsObject(), path + ".secret", "secretName");
                Items(volume["secret"]!.AsObject(), path + ".secret", errors);
                break;
            case "persistentVolumeClaim":
                errors.Need(volume["persistentVolumeClaim"]!.AsObject(), path + ".persistentVolumeClaim", "claimName");
                break;
            case "nfs":
                errors.Need(volume["nfs"]!.AsObject(), path + ".nfs", "server");
                errors.Need(volume["nfs"]!.AsObject(), path + ".nfs", "path");
                break;
            case "csi":
                errors.Need(volume["csi"]!.AsObject(), path + ".csi", "driver");
                break;
            case "downwardAPI":
                foreach (var (item, at) in volume.At("downwardAPI", "items").Each(path + ".downwardAPI.items"))
                {
                    errors.Need(item, at, "path");
                }

                break;
            case "projected":
                foreach (var (source, at) in volume.At("projected", "sources").Each(path + ".projected.sources"))
                {
                    foreach (var kind in new[] { "configMap", "secret" })
                    {
                        if (source[kind] is JsonObject projection)
                        {
                            errors.Need(projection, $"{at}.{kind}", "name");
                            Items(projection, $"{at}.{kind}", errors);
                        }
                    }

                    if (source["serviceAccountToken"] is JsonObject token)
                    {
                        errors.Need(token, at + ".serviceAccountToken", "path");
                    }
                }

                break;
            case "ephemeral":
                if (volume.At("ephemeral", "volumeClaimTemplate", "spec") is JsonObject claim)
                {
                    StorageValidation.Claim(claim, path + ".ephemeral.volumeClaimTemplate.spec", errors);
                }
                else
                {
                    errors.Required(path + ".ephemeral.volumeClaimTemplate");
                }

                break;
        }
    }

    private static void Items(JsonObject source, string path, FieldErrors errors)
    {
        if (source["defaultMode"].AsLong() is { } mode and (< 0 or > 511))
        {
            errors.Invalid(path + ".defaultMode", mode, "must be a number between 0 and 0777 (octal), both inclusive");
        }

        foreach (var (item, at) in source["items"].Each(path + ".items"))
        {
            errors.Need(item, at, "key");
            if (errors.Need(item, at, "path") is { } target && (target.StartsWith('/') || target.Split('/').Contains("..", StringComparer.Ordinal)))
            {
                errors.Invalid(at + ".path", target, target.StartsWith('/') ? "must be a relative path" : "must not contain '..'");
            }
        }
    }
}
