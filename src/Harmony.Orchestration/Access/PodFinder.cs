using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Access;

/// <summary>Finds the pod that a user means by a workload's name.</summary>
public sealed class PodFinder(IKubernetesApi api)
{
    private static readonly GroupVersionKind Pods = new("", "v1", "Pod");

    /// <param name="name">A pod's or workload's name, or <c>KIND/NAME</c> in any case.</param>
    /// <returns>The pod's name: a ready one where there is any.</returns>
    public async Task<string> FindAsync(string ns, string name, CancellationToken cancellation)
    {
        var pods = (await api.ListAsync(Pods, ns, null, cancellation)).Items;
        var matching = pods.Where(p => WorkloadName.Matches(p, name)).ToList();
        return matching.Where(p => p.Status?.Text("phase") == "Running").OrderByDescending(PodState.IsReady).ThenBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault()?.Name
            ?? throw new LaunchException(LaunchError.WorkloadNotFound,
                matching.Count > 0 ? $"No pod of {name} is running." : $"There is no workload {name} in the namespace {ns}.",
                pods.Count > 0 ? $"There are {string.Join(", ", pods.Select(WorkloadName.Of).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}." : null);
    }
}
