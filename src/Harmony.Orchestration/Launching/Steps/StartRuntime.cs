using Harmony.Projects;
using Harmony.Runtimes.Selection;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Machine → a runtime that answers.</summary>
public sealed class StartRuntime(RuntimeSelector selector)
{
    public async Task<RuntimeChoice> RunAsync(LaunchOptions options, Project project, ILaunchObserver observer, CancellationToken cancellation)
    {
        var request = options.Runtime with { WebAssemblyOnly = project.IsWebAssemblyOnly, NeedsContainers = project.NeedsContainers };
        var choice = await selector.ChooseAsync(request, cancellation);
        if (project.NeedsContainers)
        {
            // What blocks has been refused already; the rest is said before it is done.
            foreach (var check in await choice.Runtime.CheckAsync(cancellation))
            {
                observer.Noticed($"{check.Message}: {check.Fix}");
            }
        }

        observer.Started(LaunchStep.Runtime, choice.Reason);
        var progress = new StepProgress(observer, LaunchStep.Runtime);
        await choice.Runtime.InstallAsync(progress, cancellation);
        await choice.Runtime.StartAsync(progress, cancellation);
        observer.Finished(LaunchStep.Runtime, choice.Reason);
        return choice;
    }
}
