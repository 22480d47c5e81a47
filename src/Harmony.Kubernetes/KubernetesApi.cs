using System.Text.Json.Nodes;
using Harmony.Kubernetes.Discovery;
using Harmony.Kubernetes.Kubeconfigs;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes;

/// <summary>A cluster's API over HTTP.</summary>
public sealed partial class KubernetesApi : IKubernetesApi
{
    private readonly ApiConnection connection;
    private readonly RestMapper mapper;

    private KubernetesApi(KubeconfigContext context, TimeProvider time)
    {
        connection = new(context, time);
        mapper = new(connection);
        Context = context;
    }

    public Uri Address => connection.Address;

    /// <summary>The kubeconfig's context that is used.</summary>
    public KubeconfigContext Context { get; }

    /// <summary>Reads the credentials; nothing is sent yet.</summary>
    /// <exception cref="KubernetesException">The kubeconfig or what it refers to is not usable.</exception>
    public static KubernetesApi Connect(KubeconfigContext context, TimeProvider? time = null) => new(context, time ?? TimeProvider.System);

    /// <summary>Connects to a context (the current one where null) of one kubeconfig file.</summary>
    /// <exception cref="KubernetesException">The kubeconfig is missing, malformed, or lacks the context.</exception>
    public static KubernetesApi Connect(string kubeconfig, string? context = null, TimeProvider? time = null) =>
        Connect(Kubeconfig.Read([kubeconfig]).Select(context), time);

    public async Task<string> GetVersionAsync(CancellationToken cancellation)
    {
        var answer = await connection.SendAsync(new(HttpMethod.Get, "/version", "asking the cluster for its version"), cancellation);
        return answer.Body.Text("gitVersion") ?? "";
    }

    public Task<ResourceDescription?> FindResourceAsync(GroupVersionKind kind, CancellationToken cancellation) => mapper.FindAsync(kind, cancellation);

    public ValueTask DisposeAsync()
    {
        mapper.Dispose();
        connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ResourceDescription> ResourceAsync(GroupVersionKind kind, string doing, CancellationToken cancellation) =>
        await mapper.FindAsync(kind, cancellation)
        ?? throw new KubernetesException(
            KubernetesError.UnknownKind,
            $"{ApiErrors.Sentence(doing)}: the cluster does not know the kind {kind.Kind} of {kind.ApiVersion}.",
            kind.Group.Contains('.', StringComparison.Ordinal) && !kind.Group.EndsWith(".k8s.io", StringComparison.Ordinal)
                ? $"Install what brings it: its CustomResourceDefinition (group {kind.Group}) is not on the cluster."
                : "See whether the kind is spelled right, and whether its apiVersion is still served.");

    private static string PathOf(ResourceDescription resource, string? ns, string? name = null, string? subresource = null)
    {
        var root = resource.Kind.Group.Length == 0 ? $"/api/{resource.Kind.Version}" : $"/apis/{resource.Kind.Group}/{resource.Kind.Version}";
        var scope = resource.Namespaced && ns is not null ? $"/namespaces/{Uri.EscapeDataString(ns)}" : "";
        return root + scope + "/" + resource.Plural + (name is null ? "" : "/" + Uri.EscapeDataString(name)) + (subresource is null ? "" : "/" + subresource);
    }

    /// <summary>An object must name its namespace here: whoever knows the project's sets it before.</summary>
    private static string? NamespaceOf(ResourceDescription resource, string? ns) => !resource.Namespaced ? null : ns is { Length: > 0 } ? ns : "default";

    private static string Words(GroupVersionKind kind, string? ns, string name) => $"the {kind.Kind} {(ns is null ? "" : ns + "/")}{name}";

    private static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream, new() { MaxDepth = 256 }))
        {
            node.WriteTo(writer);
        }

        return stream.ToArray();
    }
}
