using System.Text.Json.Nodes;
using Harmony.Embedded.Controllers;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Scheduling;

/// <summary>Why a node does not take a pod.</summary>
/// <param name="Reason">In kube-scheduler's words.</param>
/// <param name="Preemptible">Whether the end of another pod could help.</param>
internal sealed record Objection(string Reason, bool Preemptible);

/// <summary>What the pods on each node have taken, kept up to date change by change: a decision costs the same with ten pods as with a thousand.</summary>
internal sealed class NodeRoom
{
    private readonly Dictionary<string, Usage> usages = new(StringComparer.Ordinal);

    /// <summary>Takes in a pod's change; says whether pods that wait may fit now.</summary>
    public bool Note(JsonObject? old, JsonObject? pod)
    {
        var before = old is { IsTerminal: false } ? old.NodeName : null;
        var after = pod is { IsTerminal: false } ? pod.NodeName : null;
        if (before is not null)
        {
            Of(before).Remove(old!);
        }

        if (after is not null)
        {
            Of(after).Add(pod!);
        }

        return before != after;
    }

    public IReadOnlyCollection<JsonObject> On(string node) => usages.TryGetValue(node, out var usage) ? usage.Pods : [];

    /// <summary>Those of them that do not want certain others beside them: few, mostly none.</summary>
    public IReadOnlyCollection<JsonObject> Choosy(string node) => usages.TryGetValue(node, out var usage) ? usage.Choosy : [];

    public bool HasPortConflict(string node, JsonObject pod) =>
        usages.TryGetValue(node, out var usage) && PodRequests.HostPorts(pod).Any(wanted => usage.Ports.Any(taken =>
            taken.Port == wanted.Port && taken.Protocol == wanted.Protocol
            && (taken.Ip == wanted.Ip || taken.Ip == "0.0.0.0" || wanted.Ip == "0.0.0.0")));

    /// <summary>What the node has too little of.</summary>
    public IEnumerable<Objection> Lacking(JsonObject pod, JsonObject node)
    {
        var usage = Of(node.Name);
        var allocatable = node.At("status", "allocatable") as JsonObject ?? [];
        if (allocatable["pods"] is { } limit && Quantity.Of(usage.Pods.Count + 1) > (limit.AsQuantity() ?? Quantity.Zero))
        {
            yield return new("Too many pods", Preemptible: true);
        }

        foreach (var (name, wanted) in PodRequests.Of(pod).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var capacity = allocatable[name].AsQuantity() ?? Quantity.Zero;
            if (wanted > Quantity.Zero && wanted > capacity - usage.Requested.GetValueOrDefault(name))
            {
                yield return new($"Insufficient {name}", Preemptible: wanted <= capacity);
            }
        }
    }

    private Usage Of(string node)
    {
        if (!usages.TryGetValue(node, out var usage))
        {
            usages[node] = usage = new();
        }

        return usage;
    }

    private sealed class Usage
    {
        private readonly Dictionary<string, JsonObject> pods = new(StringComparer.Ordinal);
        private readonly Dictionary<string, JsonObject> choosy = new(StringComparer.Ordinal);

        public Dictionary<string, Quantity> Requested { get; } = new(StringComparer.Ordinal);

        public List<(string Protocol, string Ip, long Port)> Ports { get; } = [];

        public IReadOnlyCollection<JsonObject> Pods => pods.Values;

        public IReadOnlyCollection<JsonObject> Choosy => choosy.Values;

        public void Add(JsonObject pod)
        {
            if (pods.TryAdd(pod.Uid, pod))
            {
                Count(pod, comes: true);
                Ports.AddRange(PodRequests.HostPorts(pod));
                if (pod.At("spec", "affinity", "podAntiAffinity") is not null)
                {
                    choosy[pod.Uid] = pod;
                }
            }
        }

        public void Remove(JsonObject pod)
        {
            if (pods.Remove(pod.Uid))
            {
                choosy.Remove(pod.Uid);
                Count(pod, comes: false);
                foreach (var port in PodRequests.HostPorts(pod))
                {
                    Ports.Remove(port);
                }
            }
        }

        private void Count(JsonObject pod, bool comes)
        {
            foreach (var (name, value) in PodRequests.Of(pod))
            {
                var has = Requested.GetValueOrDefault(name);
                Requested[name] = comes ? has + value : has - value;
            }
        }
    }
}
