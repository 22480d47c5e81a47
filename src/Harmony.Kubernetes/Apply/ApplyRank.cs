using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

/// <summary>In which order objects are applied: each rank is done before the next begins.</summary>
internal enum ApplyRank
{
    Namespaces,
    Definitions,
    Configuration,
    Workloads,

    /// <summary>What the API server asks about other objects: it would refuse them while nothing answers yet.</summary>
    Interception,
}

internal static class ApplyRanks
{
    private static readonly HashSet<string> WorkloadKinds =
        ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

    private static readonly HashSet<string> InterceptionKinds =
        ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding", "APIService"];

    public static ApplyRank Of(JsonObject obj) => obj.GroupVersionKind switch
    {
        { Group: "", Kind: "Namespace" } => ApplyRank.Namespaces,
        { Group: "apiextensions.k8s.io" } => ApplyRank.Definitions,
        _ when OwnsPods(obj) => ApplyRank.Workloads,
        { Group: "admissionregistration.k8s.io" or "apiregistration.k8s.io" } kind when InterceptionKinds.Contains(kind.Kind) => ApplyRank.Interception,
        // Custom resources are to their operators what workloads are to Kubernetes.
        var kind when IsCustom(kind.Group) => ApplyRank.Workloads,
        _ => ApplyRank.Configuration,
    };

    /// <summary>How to delete it: what has pods in the foreground, so that it is gone only when they are; the rest needs no such care.</summary>
    public static string PropagationOf(JsonObject obj) => OwnsPods(obj) ? "Foreground" : "Background";

    private static bool OwnsPods(JsonObject obj) => obj.GroupVersionKind is { Group: "" or "apps" or "batch" } kind && WorkloadKinds.Contains(kind.Kind);

    private static bool IsCustom(string group) => group.Contains('.', StringComparison.Ordinal) && !group.EndsWith(".k8s.io", StringComparison.Ordinal);
}
