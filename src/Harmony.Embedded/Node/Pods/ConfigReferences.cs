using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Pods;

/// <summary>The names of the ConfigMaps and Secrets that a pod uses anywhere.</summary>
internal sealed record ConfigReferences(IReadOnlySet<string> ConfigMaps, IReadOnlySet<string> Secrets)
{
    public static ConfigReferences Of(JsonObject pod)
    {
        var maps = new HashSet<string>(StringComparer.Ordinal);
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var volume in pod.At("spec", "volumes").Objects())
        {
            Add(maps, volume.At("configMap", "name"));
            Add(secrets, volume.At("secret", "secretName"));
            foreach (var source in volume.At("projected", "sources").Objects())
            {
                Add(maps, source.At("configMap", "name"));
                Add(secrets, source.At("secret", "name"));
            }
        }

        foreach (var container in pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()))
        {
            foreach (var source in container["envFrom"].Objects())
            {
                Add(maps, source.At("configMapRef", "name"));
                Add(secrets, source.At("secretRef", "name"));
            }

            foreach (var variable in container["env"].Objects())
            {
                Add(maps, variable.At("valueFrom", "configMapKeyRef", "name"));
                Add(secrets, variable.At("valueFrom", "secretKeyRef", "name"));
            }
        }

        return new(maps, secrets);
    }

    private static void Add(HashSet<string> names, JsonNode? name)
    {
        if (name.AsText() is { } text)
        {
            names.Add(text);
        }
    }
}
