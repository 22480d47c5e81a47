using System.Text.Json.Nodes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Readiness;
using Harmony.Projects;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>What a launch put onto the cluster, in the order of the project's files.</summary>
/// <param name="Objects">What it is.</param>
/// <param name="Namespaces">Every namespace that has objects of the project.</param>
/// <param name="Kinds">Every kind among them.</param>
/// <param name="Summary">What the apply did.</param>
public sealed record AppliedObjects(IReadOnlyList<ObjectId> Objects, IReadOnlyCollection<string> Namespaces, IReadOnlyCollection<GroupVersionKind> Kinds, ApplySummary Summary)
{
    /// <summary>The Services as the cluster has them: with their node ports.</summary>
    public IReadOnlyList<JsonObject> Services { get; init; } = [];

    internal static bool IsOf(ProjectObject written, ApplyProgress entry, string ns) =>
        written.Json.Kind == entry.Kind.Kind && written.Json.Name == entry.Name && (entry.Namespace is null || (written.Json.Namespace ?? ns) == entry.Namespace);

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
            summary)
        {
            Services = [.. present.Where(o => o.Kind is { Group: "", Kind: "Service" }).Select(o => o.Object!)],
        };
    }
}
