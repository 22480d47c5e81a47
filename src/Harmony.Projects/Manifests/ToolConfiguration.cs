using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Manifests;

/// <summary>Files of tools around Kubernetes have an apiVersion and a kind too, but are for the tool, not for the cluster.</summary>
internal static class ToolConfiguration
{
    /// <summary>Whose configuration it is, in words; null for an object of a cluster.</summary>
    public static string? Describe(JsonObject json) => json.GroupVersionKind.Group switch
    {
        "kustomize.config.k8s.io" => "for kustomize",
        "skaffold" => "a configuration of Skaffold",
        "kind.x-k8s.io" => "a configuration of kind",
        "k3d.io" => "a configuration of k3d",
        "kubeadm.k8s.io" => "a configuration of kubeadm",
        "kubelet.config.k8s.io" => "a configuration of the kubelet",
        "kubeproxy.config.k8s.io" => "a configuration of kube-proxy",
        "kubescheduler.config.k8s.io" => "a configuration of the scheduler",
        "apiserver.config.k8s.io" or "audit.k8s.io" => "a configuration of the API server",
        "client.authentication.k8s.io" => "for kubectl",
        "" when json.Kind == "Config" && json.ContainsKey("clusters") => "a kubeconfig",
        _ => null,
    };
}
