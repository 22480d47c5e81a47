namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Hands a step's news on at once and in order, unlike <see cref="Progress{T}"/>, which hands them to the thread pool.</summary>
internal sealed class StepProgress(ILaunchObserver observer, LaunchStep step) : IProgress<string>
{
    public void Report(string value) => observer.Progressed(step, value);
}
