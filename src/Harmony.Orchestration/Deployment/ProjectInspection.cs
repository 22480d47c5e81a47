using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Access;
using Harmony.Orchestration.Diagnosis;
using Harmony.Orchestration.Readiness;
using Harmony.Platform.Paths;
using Harmony.Runtimes;

namespace Harmony.Orchestration.Deployment;

/// <summary>How a launched project is now.</summary>
public sealed record ProjectReport(ProjectRecord Record)
{
    /// <summary>Why nothing can be said: its runtime is stopped, its cluster does not answer. Null where it could be looked at.</summary>
    public string? Unreachable { get; init; }

    public IReadOnlyList<WorkloadProgress> Workloads { get; init; } = [];

    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>The published ports that lead nowhere, and why.</summary>
    public IReadOnlyDictionary<PublishedPort, string> PortFaults { get; init; } = new Dictionary<PublishedPort, string>();

    public bool Works => Unreachable is null && Findings.Count == 0 && PortFaults.Count == 0 && Workloads.All(w => w.IsDone);
}

/// <summary>Looks once at a launched project, without changing or starting anything.</summary>
public sealed class ProjectInspection(HarmonyPaths paths, PortPublisher ports, Func<KubeconfigReference, IKubernetesApi> connect)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly GroupVersionKind[] Kinds =
    [
        new("apps", "v1", "Deployment"), new("apps", "v1", "StatefulSet"), new("apps", "v1", "DaemonSet"), new("apps", "v1", "ReplicaSet"),
        new("batch", "v1", "Job"), new("batch", "v1", "CronJob"), new("", "v1", "Pod"), new("", "v1", "Service"),
        new("", "v1", "PersistentVolumeClaim"), new("", "v1", "Event"), new("discovery.k8s.io", "v1", "EndpointSlice"),
    ];

    public async Task<ProjectReport> RunAsync(ProjectRecord record, CancellationToken cancellation)
    {
        if (record.Objects == 0)
        {
            return new(record) { Unreachable = $"its launch was not finished; harmony up {record.Source} goes on" };
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bounded.CancelAfter(Patience);
        try
        {
            await using var api = connect(new(record.Kubeconfig, record.Context));
            var snapshot = ProjectSnapshot.Of((await Task.WhenAll(Kinds.Select(k => ListAsync(api, k, record.Namespace, bounded.Token)))).SelectMany(l => l));
            var own = Kinds.SelectMany(k => snapshot.OfKind(k.Group, k.Kind)).Where(o => o.Controller is null && o.Kind is not ("Event" or "EndpointSlice")).Select(ObjectId.Of).ToList();
            var findings = ProjectDiagnosis.Of(own, snapshot);
            return new(record)
            {
                Workloads = new ProjectReadiness(own).Judge(snapshot).Workloads,
                Findings = await new FindingLogs(api).AddAsync(findings, bounded.Token),
                PortFaults = PortFaults(record),
            };
        }
        catch (KubernetesException e)
        {
            return new(record) { Unreachable = e.Message };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(record) { Unreachable = $"its cluster did not answer within {Patience.TotalSeconds:0} s" };
        }
    }

    private static async Task<IEnumerable<JsonObject>> ListAsync(IKubernetesApi api, GroupVersionKind kind, string ns, CancellationToken cancellation)
    {
        var items = (await api.ListAsync(kind, ns, null, cancellation)).Items;
        foreach (var item in items)
        {
            item["apiVersion"] ??= kind.ApiVersion;
            item["kind"] ??= kind.Kind;
        }

        return items;
    }

    private Dictionary<PublishedPort, string> PortFaults(ProjectRecord record)
    {
        var states = PortStates.Read(paths);
        var running = ports.IsRunning;
        var faults = new Dictionary<PublishedPort, string>();
        foreach (var port in record.Ports)
        {
            if (!running || !states.TryGetValue(PortStates.KeyOf(port), out var fault))
            {
                faults[port] = "is not served; harmony up serves it again";
            }
            else if (fault.Length > 0)
            {
                faults[port] = fault;
            }
        }

        return faults;
    }
}
