using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Launching;
using Harmony.Platform.Locks;
using Harmony.Platform.Paths;
using Harmony.Runtimes;

namespace Harmony.Orchestration.Deployment;

/// <summary>What a removal did.</summary>
public sealed record RemovalResult(int Objects, int VolumesKept);

/// <summary>
/// Takes a project off its cluster: its objects, its published ports, and the namespace where harmony made it and nothing of value is left in it.
/// </summary>
/// <param name="records">Where projects are remembered.</param>
/// <param name="paths">Where the lock is that launches of the project hold too.</param>
/// <param name="runtimeOf">The runtime of a record; a managed one that is stopped is started, or nothing could be removed from it.</param>
/// <param name="connect">Opens a cluster's API.</param>
/// <param name="time">Bounds the waits.</param>
public sealed class ProjectRemoval(ProjectRecords records, HarmonyPaths paths, Func<ProjectRecord, IRuntime> runtimeOf, Func<KubeconfigReference, IKubernetesApi> connect, TimeProvider time)
{
    private static readonly GroupVersionKind Namespaces = new("", "v1", "Namespace");
    private static readonly GroupVersionKind Secrets = new("", "v1", "Secret");
    private static readonly GroupVersionKind Claims = new("", "v1", "PersistentVolumeClaim");

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <param name="record">The project.</param>
    /// <param name="volumes">Whether its data goes too.</param>
    /// <param name="timeout">How long its end may take.</param>
    /// <param name="say">Hears what is being done.</param>
    /// <param name="cancellation">Ends the waiting; the removal goes on with the next <c>down</c>.</param>
    public async Task<RemovalResult> RunAsync(ProjectRecord record, bool volumes, TimeSpan timeout, Action<string> say, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var single = await FileLock.AcquireAsync(Path.Combine(paths.State, "locks", $"{record.Name}.lock"), $"taking {record.Name} down", timeout, cancellation, time);
        try
        {
            if (records.Find(record.Name) is not { } present)
            {
                // Another removal was first.
                return new(0, 0);
            }

            // First the ports, so that nobody is led to what is going away.
            record = present;
            records.Save(record with { Ports = [] });
            await runtimeOf(record).StartAsync(new Sayer(say), bounded.Token);
            await using var api = connect(new(record.Kubeconfig, record.Context));
            var result = await RemoveAsync(api, record, volumes, bounded.Token);
            records.Remove(record.Name);
            return result;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new LaunchException(LaunchError.StillEnding, $"{record.Name} has not ended within {timeout.TotalSeconds:0} s.", $"The same command goes on; kubectl get all -n {record.Namespace} shows what is left.", e);
        }
    }

    private async Task<RemovalResult> RemoveAsync(IKubernetesApi api, ProjectRecord record, bool volumes, CancellationToken cancellation)
    {
        var report = await new Applier(api, time).RemoveAsync(ProjectSet.Of(record.Name, record.Namespace), new ApplyOptions { DeleteVolumes = volumes }, null, cancellation);
        if (!report.Succeeded)
        {
            throw new LaunchException(LaunchError.StillEnding, string.Join("\n", report.Failures.Select(f => $"{f.Kind.Kind}/{f.Name}: {f.Reason}")), "Run the same command again.");
        }

        var removed = report.Objects.Count(o => o.Step == ApplyStep.Pruned);
        var ns = await api.GetAsync(Namespaces, null, record.Namespace, cancellation);
        if (ns is null)
        {
            return new(removed, 0);
        }

        // A StatefulSet's claims are not part of the applied set, but are the project's data all the same.
        var claims = (await api.ListAsync(Claims, record.Namespace, null, cancellation)).Items;
        if ((claims.Count > 0 && !volumes) || !await MayDeleteAsync(api, ns, cancellation))
        {
            return new(removed, claims.Count);
        }

        await api.DeleteAsync(Namespaces, null, record.Namespace, "Background", ns.Uid, cancellation);
        while (await api.GetAsync(Namespaces, null, record.Namespace, cancellation) is { } present && present.Uid == ns.Uid)
        {
            await Task.Delay(Pause, time, cancellation);
        }

        return new(removed, 0);
    }

    /// <summary>Whether harmony made the namespace, and no other project is in it: the cluster tells, for others may use it from elsewhere.</summary>
    private static async Task<bool> MayDeleteAsync(IKubernetesApi api, JsonObject ns, CancellationToken cancellation) =>
        ns.Label(HarmonyLabels.ManagedBy) == HarmonyLabels.Harmony
        && (await api.ListAsync(Secrets, ns.Name, ApplySet.AnyParent, cancellation)).Items.Count == 0;

    private sealed class Sayer(Action<string> say) : IProgress<string>
    {
        public void Report(string value) => say(value);
    }
}
