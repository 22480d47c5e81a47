using System.Text;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using k8s;

namespace Harmony.Kubernetes.Kubeconfigs;

/// <summary>One way to one cluster: an address, what to trust, and who asks.</summary>
/// <param name="Name">The context's name.</param>
/// <param name="Server">The API's address.</param>
/// <param name="Namespace">Where objects go that name no namespace.</param>
/// <param name="Json">A kubeconfig of this context alone, with absolute paths. It has secrets in it: it must not be logged.</param>
public sealed record KubeconfigContext(string Name, Uri Server, string Namespace, JsonObject Json)
{
    /// <summary>For KubernetesClient, whose reading of credentials (certificates, tokens, exec plugins, OIDC) is used as it is.</summary>
    internal KubernetesClientConfiguration ToClientConfiguration()
    {
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(YamlWriter.Write(Json)));
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(stream, Name);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new KubernetesException(KubernetesError.Kubeconfig, $"Using the credentials of the kubeconfig's context '{Name}': {e.Message}", "Log in to the cluster again, or choose another context.", e);
        }
    }

    // A record prints its members: not the credentials.
    public override string ToString() => $"{Name} ({Server})";
}
