using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

/// <summary>
/// Applies a whole set of objects in order, in parallel within a rank, and removes what left the set. Unchanged objects are told from changed ones
/// by the list of members that pruning needs anyway, so an apply that changes nothing costs one request for each object and one list for each kind.
/// </summary>
public sealed partial class Applier(IKubernetesApi api, TimeProvider? time = null)
{
    private const int InFlight = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly HashSet<string> SystemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>Applies the objects; those that name no namespace go to the set's. The trees are not changed.</summary>
    /// <param name="set">The set that the objects make up; its namespace exists.</param>
    /// <param name="objects">All of the set: members on the cluster that are not among them are deleted.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told of each step as it happens, from several threads; of a replacement before it begins.</param>
    /// <param name="cancellation">Leaves a state from which the same apply goes on.</param>
    /// <returns>What became of each object; failures are in the report, not thrown.</returns>
    /// <exception cref="KubernetesException">The cluster cannot be reached, or the set's record cannot be read or written.</exception>
    public async Task<ApplyReport> ApplyAsync(
        ApplySet set, IReadOnlyList<JsonObject> objects, ApplyOptions options, IProgress<ApplyProgress>? progress, CancellationToken cancellation)
    {
        var run = new Run(set, options, progress);
        var parent = await api.GetAsync(ApplySet.ParentKind, set.Namespace, set.Name, cancellation);
        var recorded = parent is null ? new ApplySetScope([], [set.Namespace]) : set.Read(parent);
        var own = objects.Select(o => o.DeepClone().AsObject()).ToList();
        foreach (var definition in own.Where(o => o.Kind == "CustomResourceDefinition"))
        {
            run.Defined[(definition.At("spec", "group").AsText() ?? "", definition.At("spec", "names", "kind").AsText() ?? "")] = definition.At("spec", "scope").AsText() != "Cluster";
        }

        foreach (var obj in own)
        {
            await PlaceAsync(run, obj, cancellation);
        }

        var wanted = new ApplySetScope(
            [.. own.Select(o => o.GroupVersionKind with { Version = "" })],
            [set.Namespace, .. own.Select(o => o.Namespace).OfType<string>()]);
        var members = await ListMembersAsync(run, recorded, cancellation);
        run.Before = members.GroupBy(KeyOf).ToDictionary(g => g.Key, g => g.First());
        if (!options.DryRun && (parent is null || !recorded.Covers(wanted)))
        {
            // Before anything is applied: a run that is killed half-way must not leave members where nobody looks for them.
            await api.ApplyAsync(set.Parent(recorded.Union(wanted)), dryRun: false, cancellation);
        }

        foreach (var rank in own.GroupBy(ApplyRanks.Of).OrderBy(g => g.Key))
        {
            await Parallel.ForEachAsync(rank, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellation }, async (obj, c) => await ApplyOneAsync(run, obj, c));
            if (run.Report().Failures.Count > 0)
            {
                return run.Report();
            }
        }

        if (!options.DryRun)
        {
            await PruneAsync(run, members, [.. own.Select(KeyOf)], cancellation);
            var kept = run.Report().Objects.Where(o => o.Step == ApplyStep.Kept).ToList();
            var final = new ApplySetScope([.. wanted.Kinds, .. kept.Select(k => k.Kind with { Version = "" })], [.. wanted.Namespaces, .. kept.Select(k => k.Namespace).OfType<string>()]);
            if (run.Report().Succeeded && !final.Covers(recorded))
            {
                await api.ApplyAsync(set.Parent(final), dryRun: false, cancellation);
            }
        }

        return run.Report();
    }

    private static string KeyOf(JsonObject obj) => $"{obj.GroupVersionKind.Group}/{obj.Kind}/{obj.Namespace}/{obj.Name}";

    private static void SetLabel(JsonObject obj, ApplySet set) => obj.Metadata.Child("labels")[ApplySet.PartOf] = set.Id;

    /// <summary>Gives the object its namespace and its label. A kind that only this set's definitions bring is looked up when its turn comes.</summary>
    private async Task PlaceAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        var kind = obj.GroupVersionKind;
        if (!run.Defined.TryGetValue((kind.Group, kind.Kind), out var namespaced))
        {
            if (!run.Resources.TryGetValue(kind, out var resource))
            {
                resource = await api.FindResourceAsync(kind, cancellation);
                run.Resources[kind] = resource;
            }

            // An unknown kind fails when its turn comes, with the others of its rank.
            namespaced = resource?.Namespaced ?? true;
        }

        if (!namespaced)
        {
            obj.Metadata.Remove("namespace");
        }
        else if (string.IsNullOrEmpty(obj.Namespace))
        {
            obj.Metadata["namespace"] = run.Set.Namespace;
        }

        SetLabel(obj, run.Set);
    }

    private async Task ApplyOneAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        try
        {
            await AdoptAsync(run, obj, cancellation);
            await run.ReportAsync(await ApplyOrReplaceAsync(run, obj, cancellation));
        }
        catch (KubernetesException e)
        {
            await run.ReportAsync(new(ApplyStep.Failed, obj.GroupVersionKind, obj.Namespace, obj.Name, e.Message) { Error = e });
        }
    }

    /// <summary>A namespace or a definition that was there before, or is another project's, is used but not made a member: it would be pruned one day.</summary>
    private async Task AdoptAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        if (obj.Namespace is null && ApplyRanks.Of(obj) is ApplyRank.Namespaces or ApplyRank.Definitions && !run.Before.ContainsKey(KeyOf(obj))
            && (SystemNamespaces.Contains(obj.Name) || await api.GetAsync(obj.GroupVersionKind, null, obj.Name, cancellation) is not null))
        {
            (obj.At("metadata", "labels") as JsonObject)?.Remove(ApplySet.PartOf);
        }
    }

    private async Task<ApplyProgress> ApplyOrReplaceAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        var kind = obj.GroupVersionKind;
        ApplyResult result;
        try
        {
            result = await ApplyWhenKnownAsync(run, obj, cancellation);
        }
        catch (KubernetesException e) when (ImmutableFields.Reason(e) is { } reason && ImmutableFields.MayReplace(obj.Kind))
        {
            await run.TellAsync(new(ApplyStep.Replacing, kind, obj.Namespace, obj.Name, reason));
            if (!run.Options.DryRun)
            {
                await DeleteAndWaitAsync(run, obj, cancellation);
                result = await ApplyWhenKnownAsync(run, obj, cancellation);
                return new(ApplyStep.Replaced, kind, obj.Namespace, obj.Name, reason) { Warnings = result.Warnings, Object = result.Object };
            }

            return new(ApplyStep.Replaced, kind, obj.Namespace, obj.Name, reason);
        }

        if (kind is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" } && !run.Options.DryRun)
        {
            await WaitForDefinitionAsync(run, obj, result.Object, cancellation);
        }

        var step = result.Outcome == ApplyOutcome.Created ? ApplyStep.Created
            : run.Before.TryGetValue(KeyOf(obj), out var before)
                ? AppliedFields.AreUntouched(before, result.Object) ? ApplyStep.Unchanged : ApplyStep.Configured
                : result.Outcome == ApplyOutcome.Unchanged ? ApplyStep.Unchanged : ApplyStep.Configured;
        return new(step, kind, obj.Namespace, obj.Name) { Warnings = result.Warnings, Object = result.Object };
    }

    /// <summary>Just after its definition is established, a custom resource's path may still be unknown to the server for a moment.</summary>
    private async Task<ApplyResult> ApplyWhenKnownAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        var kind = obj.GroupVersionKind;
        var patience = run.Defined.ContainsKey((kind.Group, kind.Kind)) && !run.Options.DryRun ? TimeSpan.FromSeconds(10) : TimeSpan.Zero;
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await api.ApplyAsync(obj, run.Options.DryRun, cancellation);
            }
            catch (KubernetesException e) when (e.Code is KubernetesError.UnknownKind or KubernetesError.NotFound && time.GetElapsedTime(start) < patience)
            {
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }

    private async Task WaitForDefinitionAsync(Run run, JsonObject obj, JsonObject current, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (current.Condition("Established")?.Text("status") != "True")
        {
            if (current.Condition("NamesAccepted") is { } names && names.Text("status") == "False")
            {
                throw new KubernetesException(KubernetesError.Conflict, $"Waiting for the CustomResourceDefinition {obj.Name}: its names are taken: {names.Text("message")}", "Remove the other definition of the same kind.");
            }

            if (time.GetElapsedTime(start) > run.Options.Patience)
            {
                throw new KubernetesException(KubernetesError.TimedOut, $"Waiting for the CustomResourceDefinition {obj.Name}: it was not established in time.", "See its conditions: kubectl describe crd " + obj.Name);
            }

            await Task.Delay(Pause, time, cancellation);
            current = await api.GetAsync(obj.GroupVersionKind, null, obj.Name, cancellation) ?? [];
        }
    }

    private async Task DeleteAndWaitAsync(Run run, JsonObject obj, CancellationToken cancellation)
    {
        var kind = obj.GroupVersionKind;
        var existing = await api.GetAsync(kind, obj.Namespace, obj.Name, cancellation);
        if (existing is null)
        {
            return;
        }

        // In the foreground: the old pods must be gone before the new ones take their places.
        await api.DeleteAsync(kind, obj.Namespace, obj.Name, ApplyRanks.PropagationOf(obj), existing.Uid, cancellation);
        await WaitUntilGoneAsync(existing, run.Options.Patience, cancellation);
    }

    private async Task WaitUntilGoneAsync(JsonObject obj, TimeSpan patience, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (await api.GetAsync(obj.GroupVersionKind, obj.Namespace, obj.Name, cancellation) is { } still && still.Uid == obj.Uid)
        {
            if (time.GetElapsedTime(start) > patience)
            {
                var finalizers = string.Join(", ", still.At("metadata", "finalizers").Items().Select(f => f.AsText()));
                throw new KubernetesException(
                    KubernetesError.TimedOut,
                    $"Waiting for the deletion of the {obj.Kind} {obj.Name}: it is still there{(finalizers.Length > 0 ? $", held by {finalizers}" : "")}.",
                    "See what holds it, then do the same again.");
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }
}
