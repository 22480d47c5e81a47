using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching;

/// <summary>The steps of a launch, in order.</summary>
public enum LaunchStep
{
    Project,
    Runtime,
    Namespace,
    Images,
    Apply,
    Wait,
    Expose,
}

/// <summary>Sees a launch as it happens, to show it. Calls come one at a time, and must return quickly.</summary>
public interface ILaunchObserver
{
    void Started(LaunchStep step, string what);

    /// <summary>News from within a step: a download, a replaced object.</summary>
    void Progressed(LaunchStep step, string what);

    void Finished(LaunchStep step, string result);

    /// <summary>The user should know this, though nothing is wrong.</summary>
    void Noticed(string note);

    void WorkloadsChanged(IReadOnlyList<WorkloadProgress> workloads);
}
