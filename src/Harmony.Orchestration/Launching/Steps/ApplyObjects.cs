using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Deployment;
using Harmony.Orchestration.Readiness;
using Harmony.Projects;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Kubernetes objects → the cluster.</summary>
public sealed class ApplyObjects(TimeProvider time)
{
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
                observer.Noticed($"{OriginOf(project, entry)}{warning}");
            }

            if (entry.Step == ApplyStep.Kept)
            {
                observer.Noticed($"{entry.Kind.Kind}/{entry.Name} is no longer part of the project but stays: {entry.Reason}");
            }
        }

        if (!report.Succeeded)
        {
            var lines = report.Failures.Select(f => $"{OriginOf(project, f)}{f.Kind.Kind}/{f.Name}: {f.Reason}").Order(StringComparer.Ordinal);
            throw new LaunchException(LaunchError.ApplyFailed, string.Join("\n", lines),
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
    private static string OriginOf(Project project, ApplyProgress entry) =>
        project.Objects.FirstOrDefault(o => AppliedObjects.IsOf(o, entry))?.Location is { } location ? $"{location}: " : "";

    /// <summary>Hands on at once what is about to be replaced.</summary>
    private sealed class ReplacementNews(ILaunchObserver observer) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value)
        {
            if (value.Step == ApplyStep.Replacing)
            {
                observer.Noticed($"{value.Kind.Kind}/{value.Name} is replaced: {value.Reason}");
            }
        }
    }
}

/// <summary>What a launch put onto the cluster, in the order of the project's files.</summary>
/// <param name="Namespaces">Every namespace that has objects of the project.</param>
public sealed record AppliedObjects(IReadOnlyList<ObjectId> Objects, IReadOnlyCollection<string> Namespaces, IReadOnlyCollection<GroupVersionKind> Kinds, ApplySummary Summary)
{
    internal static bool IsOf(ProjectObject written, ApplyProgress entry) =>
        written.Json.Kind == entry.Kind.Kind && written.Json.Name == entry.Name && (written.Json.Namespace is null || written.Json.Namespace == entry.Namespace);

    internal static AppliedObjects Of(ApplyReport report, Project project, string ns, ApplySummary summary)
    {
        var order = new Dictionary<(string Kind, string Name), int>();
        foreach (var (written, index) in project.Objects.Select((o, i) => (o, i)))
        {
            order.TryAdd((written.Json.Kind, written.Json.Name), index);
        }

        var present = report.Objects.Where(o => o.Object is not null).OrderBy(o => order.GetValueOrDefault((o.Kind.Kind, o.Name), int.MaxValue)).ToList();
        return new(
            [.. present.Select(o => new ObjectId(o.Kind.Group, o.Kind.Kind, o.Namespace, o.Name))],
            present.Select(o => o.Namespace).OfType<string>().Append(ns).ToHashSet(StringComparer.Ordinal),
            present.Select(o => o.Kind).ToHashSet(),
            summary);
    }
}
