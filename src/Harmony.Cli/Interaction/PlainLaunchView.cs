using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Cli.Interaction;

/// <summary>Shows a launch as plain lines, one for each stage that a workload reaches: for pipes, files and CI.</summary>
internal sealed class PlainLaunchView(Terminal terminal) : ILaunchObserver
{
    private readonly Dictionary<ObjectId, (WorkloadStage Stage, int Ready)> said = [];

    public void Started(LaunchStep step, string what)
    {
    }

    public void Progressed(LaunchStep step, string what) => terminal.Say($"  {what}");

    public void Finished(LaunchStep step, string result)
    {
        if (step is not LaunchStep.Wait)
        {
            terminal.Say($"{Words.Of(step)}: {result}");
        }
    }

    public void Noticed(string note) => terminal.Say($"note: {note}");

    public void WorkloadsChanged(IReadOnlyList<WorkloadProgress> workloads)
    {
        foreach (var workload in workloads)
        {
            if (!said.TryGetValue(workload.Workload, out var last) || last != (workload.Stage, workload.Ready))
            {
                said[workload.Workload] = (workload.Stage, workload.Ready);
                terminal.Say($"  {workload.Workload}: {Words.Of(workload)}");
            }
        }
    }
}
