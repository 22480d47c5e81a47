namespace Harmony.Projects.Discovery;

/// <summary>A file that describes a project in a way that this version does not run.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Kind">In words for the user: <c>a Helm chart</c>.</param>
public sealed record ForeignDescription(string Path, string Kind)
{
    /// <summary>What the file's name says that it is; null for any other file.</summary>
    public static ForeignDescription? Of(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        var kind = name switch
        {
            "Chart.yaml" => "a Helm chart",
            "kustomization.yaml" or "kustomization.yml" or "Kustomization" => "a kustomization",
            "Dockerfile" or "Containerfile" => "a Dockerfile",
            "harmony.yaml" or "harmony.yml" => "a harmony.yaml",
            "skaffold.yaml" or "skaffold.yml" => "a Skaffold configuration",
            _ when IsCompose(name) => "a Compose file",
            _ => null,
        };
        return kind is null ? null : new(path, kind);
    }

    private static bool IsCompose(string name)
    {
        var stem = System.IO.Path.GetFileNameWithoutExtension(name);
        return System.IO.Path.GetExtension(name) is ".yaml" or ".yml"
            && (stem is "compose" or "docker-compose" || stem.StartsWith("compose.", StringComparison.Ordinal) || stem.StartsWith("docker-compose.", StringComparison.Ordinal));
    }
}
