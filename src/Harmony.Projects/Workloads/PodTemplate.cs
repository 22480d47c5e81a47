using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Workloads;

/// <summary>Where Kubernetes' own kinds keep the description of their pods.</summary>
public static class PodTemplate
{
    /// <summary>The RuntimeClass of WebAssembly modules.</summary>
    public const string WebAssemblyRuntimeClass = "wasmtime";

    /// <summary>The pod spec of a workload; null for objects without pods, and for custom resources.</summary>
    public static JsonObject? SpecOf(JsonObject obj) => (obj.GroupVersionKind switch
    {
        { Group: "", Kind: "Pod" } => obj.At("spec"),
        { Group: "", Kind: "ReplicationController" } => obj.At("spec", "template", "spec"),
        { Group: "apps", Kind: "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" } => obj.At("spec", "template", "spec"),
        { Group: "batch", Kind: "Job" } => obj.At("spec", "template", "spec"),
        { Group: "batch", Kind: "CronJob" } => obj.At("spec", "jobTemplate", "spec", "template", "spec"),
        _ => null,
    }) as JsonObject;

    /// <summary>The containers of a pod spec, those that prepare it first.</summary>
    public static IEnumerable<JsonObject> Containers(JsonObject podSpec) => podSpec["initContainers"].Objects().Concat(podSpec["containers"].Objects());

    public static bool IsWebAssembly(JsonObject podSpec) => podSpec.Text("runtimeClassName") == WebAssemblyRuntimeClass;
}
