using System.Text.Json.Nodes;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Pods;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Volumes;

/// <summary>Turns a container's volumeMounts into what is bound into it.</summary>
internal static class VolumeMounts
{
    /// <param name="environment">The container's variables, for subPathExpr.</param>
    /// <exception cref="ContainerException"><see cref="ContainerError.CreateContainerConfigError"/>: a subPath leads nowhere good.</exception>
    public static List<ContainerMount> Of(JsonObject pod, JsonObject container, PodVolumes volumes, IReadOnlyDictionary<string, string> environment)
    {
        var mounts = new List<ContainerMount>();
        var readOnlyVolumes = pod.At("spec", "volumes").Objects()
            .Where(v => v["configMap"] is not null || v["secret"] is not null || v["projected"] is not null || v["downwardAPI"] is not null
                || v.At("persistentVolumeClaim", "readOnly").AsBool() == true)
            .Select(v => v.Text("name")).ToHashSet(StringComparer.Ordinal);
        foreach (var mount in container["volumeMounts"].Objects())
        {
            var name = mount.Text("name") ?? "";
            var host = volumes.PathOf(name) ?? throw new ContainerException(ContainerError.CreateContainerConfigError, $"volume \"{name}\" is not defined");
            var subPath = mount.Text("subPathExpr") is { Length: > 0 } expression ? Expand(expression, environment) : mount.Text("subPath");
            if (!string.IsNullOrEmpty(subPath))
            {
                host = SubPath(host, subPath, container.Text("name") ?? "");
            }

            var path = mount.Text("mountPath") ?? "/";
            mounts.Add(new(host, path.StartsWith('/') ? path : "/" + path, mount["readOnly"].AsBool() == true || readOnlyVolumes.Contains(name))
            {
                Propagation = mount.Text("mountPropagation") ?? "None",
            });
        }

        return mounts;
    }

    private static string Expand(string expression, IReadOnlyDictionary<string, string> environment)
    {
        var missing = false;
        var expanded = VariableExpansion.Expand(expression, name =>
        {
            var value = environment.GetValueOrDefault(name);
            missing |= value is null;
            return value;
        });
        return missing ? throw new ContainerException(ContainerError.CreateContainerConfigError, $"failed to expand subPathExpr \"{expression}\"") : expanded;
    }

    private static string SubPath(string volume, string subPath, string container)
    {
        if (subPath.StartsWith('/') || subPath.Split('/').Contains(".."))
        {
            throw new ContainerException(ContainerError.CreateContainerConfigError, $"subPath \"{subPath}\" must be a relative path without '..'");
        }

        // Links are followed inside the volume only: one that leads out of it ends at the volume's own root.
        var path = RootPath.Resolve(volume, subPath)
            ?? throw new ContainerException(ContainerError.CreateContainerConfigError, $"failed to prepare subPath for volumeMount of container \"{container}\": its links form a loop");
        if (!Disk.Exists(path))
        {
            Disk.CreateFolder(path, Disk.Executable);
        }

        return path;
    }
}
