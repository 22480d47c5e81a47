using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>Says once for each kind that the runtime takes the project's objects of it, and does nothing with them.</summary>
public sealed class NoteUnserved
{
    private static readonly GroupVersionKind IngressClass = new("networking.k8s.io", "v1", "IngressClass");

    public async Task RunAsync(
        IKubernetesApi api, string runtime, IReadOnlyDictionary<string, string> unserved, IReadOnlyList<ObjectId> applied, ILaunchObserver observer, CancellationToken cancellation)
    {
        foreach (var kind in applied.GroupBy(o => $"{o.Kind}.{o.Group}", StringComparer.Ordinal))
        {
            if (!unserved.TryGetValue(kind.Key, out var consequence) || (kind.First().Kind == "Ingress" && await HasControllerAsync(api, cancellation)))
            {
                continue;
            }

            var names = kind.Select(o => o.Name).Order(StringComparer.Ordinal).ToList();
            var shown = string.Join(", ", names.Take(3)) + (names.Count > 3 ? $" and {names.Count - 3} more" : "");
            observer.Noticed($"{kind.First().Kind} {shown}: the runtime {runtime} takes it, but {consequence}");
        }
    }

    /// <summary>Whoever brings an ingress controller along brings its class as well.</summary>
    private static async Task<bool> HasControllerAsync(IKubernetesApi api, CancellationToken cancellation) =>
        (await api.ListAsync(IngressClass, null, null, cancellation)).Items.Count > 0;
}
