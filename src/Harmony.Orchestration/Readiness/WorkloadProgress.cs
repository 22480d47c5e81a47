namespace Harmony.Orchestration.Readiness;

/// <summary>Where a workload is on its way to working.</summary>
public enum WorkloadStage
{
    Waiting,
    Pulling,
    Starting,
    Probing,
    Ready,
    Completed,
    Failing,
}

/// <summary>One row of progress: a workload, how many of its pods are ready, and what is going on.</summary>
public sealed record WorkloadProgress(ObjectId Workload, WorkloadStage Stage, int Ready, int Wanted, int Restarts, string Detail)
{
    public IReadOnlyList<string> Images { get; init; } = [];

    public bool IsDone => Stage is WorkloadStage.Ready or WorkloadStage.Completed;
}
