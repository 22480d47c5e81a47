using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

/// <summary>Which log lines are wanted.</summary>
public sealed record LogQuery
{
    /// <summary>Names or <c>KIND/NAME</c>s; all where empty.</summary>
    public IReadOnlyList<string> Workloads { get; init; } = [];

    public string? Container { get; init; }

    public bool Follow { get; init; }

    public TimeSpan? Since { get; init; }

    /// <summary>How many of each container's last lines; all where null.</summary>
    public long? Tail { get; init; }

    public bool Previous { get; init; }

    internal bool Wants(JsonObject pod) => Workloads.Count == 0 || Workloads.Any(w => WorkloadName.Matches(pod, w));

    /// <summary>The names of the pod's wanted containers, init containers first.</summary>
    internal IEnumerable<string> ContainersOf(JsonObject pod) =>
        pod.At("spec", "initContainers").Objects().Concat(pod.At("spec", "containers").Objects())
            .Select(c => c.Text("name") ?? "").Where(n => Container is null || n == Container);
}
