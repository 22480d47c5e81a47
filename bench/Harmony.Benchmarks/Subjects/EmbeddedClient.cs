using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Harmony.Benchmarks.Subjects;

/// <summary>A bare HTTP client with the credentials of the embedded runtime's kubeconfig, which is JSON.</summary>
internal static class EmbeddedClient
{
    public static HttpClient Open(string kubeconfig)
    {
        var config = JsonNode.Parse(File.ReadAllText(kubeconfig))!;
        var cluster = config["clusters"]![0]!["cluster"]!;
        var user = config["users"]![0]!["user"]!;
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509Certificate2.CreateFromPem(Pem(cluster, "certificate-authority-data")));
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = trust,
                ClientCertificates = [X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data"))],
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri(cluster["server"]!.GetValue<string>()) };
    }

    private static string Pem(JsonNode parent, string name) => Encoding.ASCII.GetString(Convert.FromBase64String(parent[name]!.GetValue<string>()));
}
