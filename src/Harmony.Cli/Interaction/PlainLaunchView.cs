using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Cli.Interaction;

/// <summary>Shows a launch as plain lines, each said once: for pipes, files and CI.</summary>
internal sealed class PlainLaunchView(Terminal terminal) : ILaunchObserver
{
    private readonly Dictionary<ObjectId, string> said = [];

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
            var line = $"  {workload.Workload}: {Words.Of(workload)}";
            if (said.GetValueOrDefault(workload.Workload) != line)
            {
                said[workload.Workload] = line;
                terminal.Say(line);
            }
        }
    }
}
