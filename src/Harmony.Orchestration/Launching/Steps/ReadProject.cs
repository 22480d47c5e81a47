using Harmony.Projects;
using Harmony.Projects.Discovery;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Source → project.</summary>
public sealed class ReadProject(ProjectLoader loader)
{
    public async Task<Project> RunAsync(LaunchOptions options, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Project, $"Reading {options.Source}");
        var project = await loader.LoadAsync(options.Source, options.Name, cancellation);
        foreach (var note in project.Notes)
        {
            observer.Noticed(note);
        }

        observer.Finished(LaunchStep.Project, $"{project.Name}: {project.Kind}, {project.Objects.Count} objects");
        return project;
    }
}
