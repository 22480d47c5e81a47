using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api;

/// <summary>What lies beneath an object under a name of its own: its verbs, and the kind that requests and answers have.</summary>
/// <param name="Name">Such as <c>scale</c>.</param>
/// <param name="Kind">The kind; its group empty where it is that of the object.</param>
public sealed record Subresource(string Name, GroupVersionKind Kind, IReadOnlyList<string> Verbs)
{
    private static readonly string[] ReadWrite = ["get", "patch", "update"];
    private static readonly string[] Connect = ["create", "get"];
    private static readonly string[] Proxy = ["create", "delete", "get", "patch", "update"];

    /// <summary>The subresource of this name of a kind.</summary>
    public static Subresource Of(ApiResource resource, string name) => name switch
    {
        "scale" => new(name, new("autoscaling", "v1", "Scale"), ReadWrite),
        "binding" => new(name, new("", "v1", "Binding"), ["create"]),
        "eviction" => new(name, new("policy", "v1", "Eviction"), ["create"]),
        "token" => new(name, new("authentication.k8s.io", "v1", "TokenRequest"), ["create"]),
        "exec" => new(name, new("", "v1", "PodExecOptions"), Connect),
        "attach" => new(name, new("", "v1", "PodAttachOptions"), Connect),
        "portforward" => new(name, new("", "v1", "PodPortForwardOptions"), Connect),
        "log" => new(name, resource.GroupVersionKind, ["get"]),
        "proxy" => new(name, new("", "v1", resource.Kind + "ProxyOptions"), Proxy),
        "finalize" => new(name, resource.GroupVersionKind, ["update"]),
        _ => new(name, resource.GroupVersionKind, ReadWrite),
    };
}
