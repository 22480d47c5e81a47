using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Network;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Paths;

namespace Harmony.Embedded.Tests;

/// <summary>An embedded API in this process, on a home of its own, without controllers and node, and an administrator's client for it.</summary>
public sealed class EmbeddedServerFixture : IAsyncLifetime
{
    /// <summary>Ranges that nothing binds: the API alone touches no network.</summary>
    public static ClusterNetwork Network { get; } = new()
    {
        PodRange = IPNetwork.Parse("10.244.0.0/16"),
        ServiceRange = IPNetwork.Parse("10.96.0.0/16"),
        NodeAddress = IPAddress.Parse("10.244.0.1"),
        ApiAddress = IPAddress.Parse("10.96.0.1"),
        DnsAddress = IPAddress.Parse("10.96.0.10"),
        Bridged = false,
    };

    public EmbeddedServerFixture() => Options = new(HarmonyPaths.Under(Home)) { Services = false, Network = Network };

    public string Home { get; } = Path.Combine(Path.GetTempPath(), "harmony-api-" + Guid.NewGuid().ToString("N")[..12]);

    public EmbeddedOptions Options { get; }

    public EmbeddedServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await EmbeddedServer.StartAsync(Options, TestContext.Current.CancellationToken);
        Http = NewClient(Options);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        if (Directory.Exists(Home))
        {
            Directory.Delete(Home, recursive: true);
        }
    }

    /// <summary>Ends the server and starts it again on the same home.</summary>
    public async Task RestartAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        await InitializeAsync();
    }

    /// <summary>A client as the kubeconfig describes it.</summary>
    public static HttpClient NewClient(EmbeddedOptions options, bool withCertificate = true)
    {
        var config = JsonNode.Parse(File.ReadAllText(options.KubeconfigPath))!;
        var cluster = config["clusters"]![0]!["cluster"]!;
        var user = config["users"]![0]!["user"]!;
        string Pem(JsonNode? node) => Encoding.UTF8.GetString(Convert.FromBase64String(node!.GetValue<string>()));
        using var authority = X509Certificate2.CreateFromPem(Pem(cluster["certificate-authority-data"]));
        var trusted = X509CertificateLoader.LoadCertificate(authority.RawData);
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } } };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(trusted);
        if (withCertificate)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(Pem(user["client-certificate-data"]), Pem(user["client-key-data"]))];
        }

        var client = new HttpClient(handler) { BaseAddress = new(cluster["server"]!.GetValue<string>()), Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("tests", "1"));
        return client;
    }

    public async Task<(int Code, JsonNode? Body)> SendAsync(HttpMethod method, string path, string? body = null, string contentType = "application/json", string accept = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new(contentType);
        }

        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : JsonValue.Create(text));
    }

    public Task<(int Code, JsonNode? Body)> GetAsync(string path, string accept = "application/json") => SendAsync(HttpMethod.Get, path, accept: accept);

    /// <summary>The events of a watch that ends by itself.</summary>
    public async Task<List<JsonObject>> WatchAsync(string path) =>
        [.. (await Http.GetStringAsync(path, TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject())];

    public Task<(int Code, JsonNode? Body)> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>A namespace of its own for a test, with its default service account, and its name.</summary>
    public async Task<string> NewNamespaceAsync()
    {
        var name = "t-" + Guid.NewGuid().ToString("N")[..8];
        (await PostAsync("/api/v1/namespaces", $$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}"}}""")).Code.ShouldBe(201);
        (await PostAsync($"/api/v1/namespaces/{name}/serviceaccounts", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""")).Code.ShouldBe(201);
        return name;
    }
}
