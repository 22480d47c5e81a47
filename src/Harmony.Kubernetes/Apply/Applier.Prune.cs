using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

public sealed partial class Applier
{
    /// <summary>Deletes all members of the set, waits until they are gone, and forgets the set. Claims, and so their data, stay unless asked.</summary>
    /// <returns>What was deleted and what was kept; failures are in the report.</returns>
    /// <exception cref="KubernetesException">The cluster cannot be reached, or the set's record cannot be read.</exception>
    public async Task<ApplyReport> RemoveAsync(ApplySet set, ApplyOptions options, IProgress<ApplyProgress>? progress, CancellationToken cancellation)
    {
        var run = new Run(set, options, progress);
        if (await api.GetAsync(ApplySet.ParentKind, set.Namespace, set.Name, cancellation) is not { } parent)
        {
            return run.Report();
        }

        var members = await ListMembersAsync(run, set.Read(parent), cancellation);
        await PruneAsync(run, members, [], cancellation);
        if (run.Report() is { Succeeded: true } report && !options.DryRun)
        {
            var kept = report.Objects.Where(o => o.Step == ApplyStep.Kept).ToList();
            if (kept.Count == 0)
            {
                await api.DeleteAsync(ApplySet.ParentKind, set.Namespace, set.Name, "Background", parent.Uid, cancellation);
            }
            else
            {
                await api.ApplyAsync(set.Parent(new([.. kept.Select(k => k.Kind with { Version = "" })], [set.Namespace, .. kept.Select(k => k.Namespace).OfType<string>()])), dryRun: false, cancellation);
            }
        }

        return run.Report();
    }

    /// <summary>Everything on the cluster with the set's label, where the set's record says that it may be.</summary>
    private async Task<IReadOnlyList<JsonObject>> ListMembersAsync(Run run, ApplySetScope scope, CancellationToken cancellation)
    {
        var members = new ConcurrentBag<JsonObject>();
        await Parallel.ForEachAsync(scope.Kinds, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellation }, async (kind, c) =>
        {
            if (await api.FindResourceAsync(kind, c) is not { } resource)
            {
                // Its definition is gone, and all objects with it.
                return;
            }

            foreach (var ns in resource.Namespaced ? [.. scope.Namespaces] : (string?[])[null])
            {
                foreach (var member in (await api.ListAsync(resource.Kind, ns, run.Set.Selector, c)).Items)
                {
                    members.Add(member);
                }
            }
        });
        return [.. members];
    }

    private async Task PruneAsync(Run run, IReadOnlyList<JsonObject> members, HashSet<string> wanted, CancellationToken cancellation)
    {
        // In the reverse of the order of applying; custom resources before the definitions that would take them along.
        var leaving = members.Where(m => !wanted.Contains(KeyOf(m)) && m.Label(ApplySet.PartOf) == run.Set.Id).GroupBy(ApplyRanks.Of).OrderByDescending(g => g.Key);
        foreach (var rank in leaving)
        {
            await Parallel.ForEachAsync(rank, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellation }, async (obj, c) => await PruneOneAsync(run, obj, c));
        }
    }

    private async Task PruneOneAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        var kind = obj.GroupVersionKind;
        if ((kind is { Group: "", Kind: "PersistentVolumeClaim" } && !run.Options.DeleteVolumes) || (kind is { Group: "", Kind: "Namespace" } && SystemNamespaces.Contains(obj.Name)))
        {
            await run.ReportAsync(new(ApplyStep.Kept, kind, obj.Namespace, obj.Name, "its data would be lost"));
            return;
        }

        try
        {
            if (!run.Options.DryRun && await api.DeleteAsync(kind, obj.Namespace, obj.Name, ApplyRanks.PropagationOf(obj), obj.Uid, cancellation))
            {
                await WaitUntilGoneAsync(obj, run.Options.Patience, cancellation);
            }

            await run.ReportAsync(new(ApplyStep.Pruned, kind, obj.Namespace, obj.Name));
        }
        catch (KubernetesException e)
        {
            await run.ReportAsync(new(ApplyStep.Failed, kind, obj.Namespace, obj.Name, e.Message) { Error = e });
        }
    }
}
