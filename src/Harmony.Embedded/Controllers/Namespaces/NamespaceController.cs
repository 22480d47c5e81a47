using System.Text.Json.Nodes;
using Harmony.Embedded.Api;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Namespaces;

/// <summary>Empties a namespace that is being deleted, pods first, says what it waits for, and lets it go when nothing is left.</summary>
internal sealed class NamespaceController : Reconciler
{
    private const string Finalizer = "kubernetes";
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private readonly WatchedKinds kinds;
    private readonly ObjectCache namespaces;

    public NamespaceController(ControllerContext context, WatchedKinds kinds)
        : base("namespace-controller", context)
    {
        this.kinds = kinds;
        namespaces = Watched(BuiltInResources.Namespaces);
        kinds.Changed += (_, old, current) =>
        {
            if (current is null && old?.Namespace is { } name && namespaces.Get(null, name) is { IsBeingDeleted: true } ns)
            {
                Enqueue(ns);
            }
        };
    }

    protected override async Task ReconcileAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (namespaces.Get(key) is not { IsBeingDeleted: true } ns)
        {
            return;
        }

        var namespaced = kinds.All.Where(r => r.Namespaced).ToList();
        var failures = new List<string>();

        // Whatever guards a pod (a network policy, a secret) outlives it: KEP-5080.
        await EmptyAsync(BuiltInResources.Pods, ns.Name, failures, cancellation);
        if (Left(BuiltInResources.Pods, ns.Name).Count == 0)
        {
            foreach (var kind in namespaced)
            {
                await EmptyAsync(kind, ns.Name, failures, cancellation);
            }
        }

        var left = namespaced.Select(k => (Kind: k, Objects: Left(k, ns.Name))).Where(l => l.Objects.Count > 0).ToList();
        if (left.Count == 0 && failures.Count == 0)
        {
            await Cluster.ChangeAsync(BuiltInResources.Namespaces, ns, Release, cancellation, "finalize");
            return;
        }

        await Cluster.ChangeAsync(
            BuiltInResources.Namespaces,
            ns,
            current =>
            {
                var before = current.Status?.DeepClone();
                Report(current.Child("status"), left, failures);
                return !JsonNode.DeepEquals(before, current.Status);
            },
            cancellation,
            "status");
        EnqueueAfter(key, LookAgain);
    }

    private static bool Release(JsonObject ns)
    {
        var finalizers = ns.Child("spec").List("finalizers");
        if (finalizers.FirstOrDefault(f => f.AsText() == Finalizer) is { } found)
        {
            finalizers.Remove(found);
        }

        return true;
    }

    private IReadOnlyList<JsonObject> Left(ApiResource kind, string ns)
    {
        try
        {
            return Cluster.ListLive(kind, ns);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return [];
        }
    }

    private async Task EmptyAsync(ApiResource kind, string ns, List<string> failures, CancellationToken cancellation)
    {
        foreach (var batch in Left(kind, ns).Where(o => !o.IsBeingDeleted).Chunk(64))
        {
            try
            {
                await Task.WhenAll(batch.Select(o => Cluster.DeleteAsync(kind, o, cancellation)));
            }
            catch (ApiException e)
            {
                failures.Add(e.Message);
            }
        }
    }

    private void Report(JsonObject status, List<(ApiResource Kind, IReadOnlyList<JsonObject> Objects)> left, List<string> failures)
    {
        var now = Context.Time.Stamp();
        var remaining = string.Join(", ", left.Select(l => $"{l.Kind}. has {l.Objects.Count} resource instances").Order(StringComparer.Ordinal));
        var finalizers = string.Join(", ", left
            .SelectMany(l => l.Objects)
            .SelectMany(o => o.At("metadata", "finalizers").Items().Select(f => f.AsText() ?? ""))
            .GroupBy(f => f, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Key} in {g.Count()} resource instances"));
        status["phase"] = "Terminating";
        Conditions.Set(status, Conditions.New(
            "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now));
        Conditions.Set(status, Conditions.New(
            "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now));
        Conditions.Set(status, failures.Count > 0
            ? Conditions.New("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", $"Failed to delete all resource types, {failures.Count} remaining: {string.Join(", ", failures.Distinct(StringComparer.Ordinal).Take(5))}", now)
            : Conditions.New("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now));
        Conditions.Set(status, left.Count > 0
            ? Conditions.New("NamespaceContentRemaining", "True", "SomeResourcesRemain", $"Some resources are remaining: {remaining}", now)
            : Conditions.New("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed", now));
        Conditions.Set(status, finalizers.Length > 0
            ? Conditions.New("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {finalizers}", now)
            : Conditions.New("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished", now));
    }
}
