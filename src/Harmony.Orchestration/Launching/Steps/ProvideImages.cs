using Harmony.Orchestration.Images;
using Harmony.Platform.Paths;
using Harmony.Projects;
using Harmony.Runtimes;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Makes the images that come from the project's own files, and loads them into the runtime.</summary>
public sealed class ProvideImages(HarmonyPaths paths)
{
    public async Task RunAsync(Project project, IRuntime runtime, ILaunchObserver observer, CancellationToken cancellation)
    {
        if (project.Images.Count == 0)
        {
            return;
        }

        observer.Started(LaunchStep.Images, $"Making {project.Images.Count} images");
        var archives = new List<string>();
        foreach (var image in project.Images)
        {
            observer.Progressed(LaunchStep.Images, $"making {image.Reference}");
            archives.Add(image switch
            {
                WebAssemblyImage module => WebAssemblyImageBuilder.Build(module, Path.Combine(paths.Cache, "images")),
                _ => throw new LaunchException(LaunchError.ImageNotMade, $"{image.Reference} cannot be made: {image.GetType().Name} is unknown to this version.", null),
            });
        }

        await runtime.LoadImagesAsync(archives, cancellation);
        observer.Finished(LaunchStep.Images, string.Join(", ", project.Images.Select(i => i.Reference)));
    }
}
