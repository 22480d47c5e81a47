using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Manifests;

/// <summary>Refuses two objects that are one for the cluster: which of them won would be chance.</summary>
internal static class Duplicates
{
    public static void Refuse(IReadOnlyList<ManifestObject> objects, bool kustomized)
    {
        var seen = new Dictionary<(string Group, string Kind, string? Namespace, string Name), ManifestObject>();
        foreach (var item in objects)
        {
            var key = (item.Json.GroupVersionKind.Group, item.Json.Kind, item.Json.Namespace, item.Json.Name);
            if (!seen.TryAdd(key, item))
            {
                throw new ProjectException(
                    ProjectError.Duplicate,
                    $"{item.Location}: {item.Json.Kind} '{item.Json.Name}' is there twice: first at {seen[key].Location}.",
                    kustomized
                        ? "This looks like a kustomization, which this version cannot build yet; write `kustomize build` into a folder of its own and launch that."
                        : "Remove or rename one of them, or name the folder or file to launch.")
                {
                    Location = item.Location,
                };
            }
        }
    }
}
