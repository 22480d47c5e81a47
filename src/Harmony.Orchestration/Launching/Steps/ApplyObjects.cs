using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
using Harmony.Orchestration.Deployment;
using Harmony.Projects;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Kubernetes objects → the cluster.</summary>
public sealed class ApplyObjects(TimeProvider time)
{
    /// <summary>Whoever has more wrong than this corrects the first of it first.</summary>
    private const int MostRefusals = 20;

    /// <exception cref="LaunchException">The cluster refused objects; the message has the file and line of each, and all the reasons.</exception>
    public async Task<AppliedObjects> RunAsync(IKubernetesApi api, Project project, string ns, ILaunchObserver observer, CancellationToken cancellation)
    {
        observer.Started(LaunchStep.Apply, $"Applying {project.Objects.Count} objects");
        var report = await new Applier(api, time).ApplyAsync(
            ProjectSet.Of(project.Name, ns), [.. project.Objects.Select(o => o.Json)], new ApplyOptions(), new ReplacementNews(observer), cancellation);
        foreach (var entry in report.Objects)
        {
            foreach (var warning in entry.Warnings)
            {
                observer.Noticed($"{OriginOf(project, entry, ns)}{warning}");
            }

            if (entry.Step == ApplyStep.Kept)
            {
                observer.Noticed($"{entry.Kind.Kind}/{entry.Name} is no longer part of the project but stays: {entry.Reason}");
            }
        }

        if (!report.Succeeded)
        {
            var lines = report.Failures.Select(f => $"{OriginOf(project, f, ns)}{f.Kind.Kind}/{f.Name}: {f.Reason}").Order(StringComparer.Ordinal).ToList();
            var more = lines.Count > MostRefusals ? $"\nand {lines.Count - MostRefusals} more" : "";
            throw new LaunchException(LaunchError.ApplyFailed, string.Join("\n", lines.Take(MostRefusals)) + more,
                report.Failures[0].Error?.Hint ?? "Correct what is named and run the same command again.");
        }

        var summary = Summarize(report);
        observer.Finished(LaunchStep.Apply, summary.ToString());
        return AppliedObjects.Of(report, project, ns, summary);
    }

    private static ApplySummary Summarize(ApplyReport report)
    {
        var counts = report.Objects.CountBy(o => o.Step).ToDictionary();
        return new(
            counts.GetValueOrDefault(ApplyStep.Created), counts.GetValueOrDefault(ApplyStep.Configured), counts.GetValueOrDefault(ApplyStep.Unchanged),
            counts.GetValueOrDefault(ApplyStep.Replaced), counts.GetValueOrDefault(ApplyStep.Pruned));
    }

    /// <summary>The file and line that an object was written at, as a prefix; empty for what the project does not have any more.</summary>
    private static string OriginOf(Project project, ApplyProgress entry, string ns) =>
        project.Objects.FirstOrDefault(o => AppliedObjects.IsOf(o, entry, ns))?.Location is { } location ? $"{location}: " : "";

    /// <summary>Hands on at once what is about to be replaced. The applier tells from several threads; an observer is told one thing at a time.</summary>
    private sealed class ReplacementNews(ILaunchObserver observer) : IProgress<ApplyProgress>
    {
        private readonly Lock gate = new();

        public void Report(ApplyProgress value)
        {
            if (value.Step == ApplyStep.Replacing)
            {
                lock (gate)
                {
                    observer.Noticed($"{value.Kind.Kind}/{value.Name} is replaced: {value.Reason}");
                }
            }
        }
    }
}
