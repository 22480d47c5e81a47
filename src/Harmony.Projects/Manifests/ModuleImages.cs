using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;
using Harmony.Projects.Discovery;
using Harmony.Projects.WebAssembly;
using Harmony.Projects.Workloads;

namespace Harmony.Projects.Manifests;

/// <summary>Manifests may name a WebAssembly module of the project as an image: <c>image: ./hello.wasm</c>, relative to the manifest's file.</summary>
internal static class ModuleImages
{
    /// <summary>Puts the made image's reference in the place of the path, and returns the images to make.</summary>
    public static IReadOnlyList<ProjectImage> Resolve(ProjectSource source, IReadOnlyList<ManifestObject> objects)
    {
        var images = new Dictionary<string, ProjectImage>(StringComparer.Ordinal);
        foreach (var item in objects)
        {
            if (PodTemplate.SpecOf(item.Json) is not { } spec)
            {
                continue;
            }

            foreach (var container in PodTemplate.Containers(spec))
            {
                if (container.Text("image") is { } image && (image.StartsWith("./", StringComparison.Ordinal) || image.StartsWith("../", StringComparison.Ordinal)))
                {
                    var made = Resolve(source, item, spec, container["image"]!, image);
                    images.TryAdd(made.Reference, made);
                    container["image"] = made.Reference;
                    container.TryAdd("imagePullPolicy", JsonValue.Create("IfNotPresent"));
                }
            }
        }

        return [.. images.Values];
    }

    private static WebAssemblyImage Resolve(ProjectSource source, ManifestObject item, JsonObject spec, JsonNode at, string image)
    {
        if (!ProjectFiles.IsModule(image))
        {
            throw item.Error(at, $"the image '{image}' is a file, but no WebAssembly module (*.wasm, *.wat)", "Name an image of a registry, or a module of this project.");
        }

        if (!PodTemplate.IsWebAssembly(spec))
        {
            throw item.Error(at, $"the image '{image}' is a WebAssembly module, but its pod does not ask for the runtime of such modules", $"Add `runtimeClassName: {PodTemplate.WebAssemblyRuntimeClass}` to the pod's spec.");
        }

        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(item.Path)!, image));
        if (!Disk.FileExists(path))
        {
            throw item.Error(at, $"there is no module '{image}'", $"It is looked for relative to this file, at '{source.Show(path)}'.");
        }

        return !Disk.IsInside(path, source.Root)
            ? throw item.Error(at, $"the module '{image}' lies outside the project", "Copy it into the project's folder.")
            : ModuleFile.Open(path, source.Show(path)).Image;
    }
}
