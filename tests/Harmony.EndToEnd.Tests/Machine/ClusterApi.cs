using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>The embedded runtime's API as any HTTP client sees it, with the credentials of its kubeconfig.</summary>
internal sealed class ClusterApi : IDisposable
{
    private readonly HttpClient _client;
    private readonly X509Certificate2 _identity;

    public ClusterApi(string kubeconfig)
    {
        var config = JsonNode.Parse(File.ReadAllText(kubeconfig))!;
        var cluster = config["clusters"]![0]!["cluster"]!;
        var user = config["users"]![0]!["user"]!;
        _identity = X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509Certificate2.CreateFromPem(Pem(cluster, "certificate-authority-data")));
        _client = new(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust, LocalCertificateSelectionCallback = (_, _, _, _, _) => _identity },
        })
        { BaseAddress = new Uri(cluster["server"]!.GetValue<string>()) };
    }

    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellation) =>
        JsonNode.Parse(await _client.GetStringAsync(new Uri(path, UriKind.Relative), cancellation))!;

    public async Task DeleteAsync(string path, CancellationToken cancellation)
    {
        using var response = await _client.DeleteAsync(new Uri(path, UriKind.Relative), cancellation);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        _client.Dispose();
        _identity.Dispose();
    }

    private static string Pem(JsonNode parent, string name) => Encoding.ASCII.GetString(Convert.FromBase64String(parent[name]!.GetValue<string>()));
}
