using System.Text.Json.Nodes;
using Harmony.Kubernetes;
using Harmony.Kubernetes.Apply;
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

    /// <summary>What is not as it should be, explained by a finding or not.</summary>
    public IReadOnlyList<Unready> Waiting { get; init; } = [];

    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>The published ports that lead nowhere, and why.</summary>
    public IReadOnlyDictionary<PublishedPort, string> PortFaults { get; init; } = new Dictionary<PublishedPort, string>();

    public bool Works => Unreachable is null && Findings.Count == 0 && PortFaults.Count == 0 && Waiting.Count == 0;
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
            var namespaces = record.Namespaces.Append(record.Namespace).Distinct(StringComparer.Ordinal);
            var lists = namespaces.SelectMany(ns => Kinds.Select(k => ListAsync(api, k, ns, bounded.Token)));
            var snapshot = ProjectSnapshot.Of((await Task.WhenAll(lists)).SelectMany(l => l));
            var set = ProjectSet.Of(record.Name, record.Namespace).Id;
            var own = Kinds.SelectMany(k => snapshot.OfKind(k.Group, k.Kind)).Where(o => IsOfSet(o, set)).Select(ObjectId.Of).ToList();
            var report = new ProjectReadiness(own).Judge(snapshot);
            var findings = ProjectDiagnosis.Of(own, snapshot);
            return new(record)
            {
                Workloads = report.Workloads,
                Waiting = report.Waiting,
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

    /// <summary>What was applied, not what a controller made of it: an EndpointSlice bears its Service's labels.</summary>
    private static bool IsOfSet(JsonObject obj, string set) =>
        obj.Label(ApplySet.PartOf) == set && obj.Controller is null && obj.Kind is not ("Event" or "EndpointSlice");

    private static async Task<IEnumerable<JsonObject>> ListAsync(IKubernetesApi api, GroupVersionKind kind, string ns, CancellationToken cancellation)
    {
        try
        {
            var items = (await api.ListAsync(kind, ns, null, cancellation)).Items;
            foreach (var item in items)
            {
                item["apiVersion"] ??= kind.ApiVersion;
                item["kind"] ??= kind.Kind;
            }

            return items;
        }
        catch (KubernetesException e) when (e.Code == KubernetesError.UnknownKind || (e.Code == KubernetesError.Forbidden && kind.Kind == "Event"))
        {
            // A cluster without cron jobs has none of the project; events are evidence only.
            return [];
        }
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
