using System.Collections.Concurrent;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>Remembers a launch's news, a line each.</summary>
internal sealed class RecordingObserver : ILaunchObserver
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IEnumerable<string> Notes => Lines.Where(l => l.StartsWith("note ", StringComparison.Ordinal)).Select(l => l[5..]);

    public IReadOnlyList<WorkloadProgress> Workloads { get; private set; } = [];

    public void Started(LaunchStep step, string what) => Lines.Enqueue($"{step} starts");

    public void Progressed(LaunchStep step, string what) => Lines.Enqueue($"{step}: {what}");

    public void Finished(LaunchStep step, string result) => Lines.Enqueue($"{step} done: {result}");

    public void Noticed(string note) => Lines.Enqueue($"note {note}");

    public void WorkloadsChanged(IReadOnlyList<WorkloadProgress> workloads) => Workloads = workloads;
}
