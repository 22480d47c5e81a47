using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded;
using Harmony.Embedded.Network;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Paths;

namespace Harmony.Conformance.Tests.Golden;

/// <summary>Sends all recorded requests, in order, to a fresh embedded API without controllers, and collects what it answers differently.</summary>
public sealed class GoldenReplay : IAsyncLifetime
{
    private readonly string home = Path.Combine(Path.GetTempPath(), "harmony-golden-" + Guid.NewGuid().ToString("N")[..12]);
    private readonly Dictionary<string, string> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> uids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> continuations = new(StringComparer.Ordinal);
    private HttpClient http = null!;

    public List<Difference> Differences { get; } = [];

    public int Requests { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var options = new EmbeddedOptions(HarmonyPaths.Under(home))
        {
            Services = false,
            Network = new()
            {
                PodRange = System.Net.IPNetwork.Parse("10.244.0.0/16"),
                ServiceRange = System.Net.IPNetwork.Parse("10.96.0.0/16"),
                NodeAddress = System.Net.IPAddress.Parse("10.244.0.1"),
                ApiAddress = System.Net.IPAddress.Parse("10.96.0.1"),
                DnsAddress = System.Net.IPAddress.Parse("10.96.0.10"),
                Bridged = false,
            },
        };
        await using var server = await EmbeddedServer.StartAsync(options, TestContext.Current.CancellationToken);
        using var client = http = NewClient(options);
        await HiddenAsync(HttpMethod.Post, "/api/v1/namespaces", """{"metadata":{"name":"golden"}}""");
        await HiddenAsync(HttpMethod.Post, "/api/v1/namespaces/golden/serviceaccounts", """{"metadata":{"name":"default"}}""");
        foreach (var golden in GoldenCase.ReadAll())
        {
            await PrepareAsync(golden);
            Requests++;
            Differences.AddRange(await SendAsync(golden));
        }

        if (Environment.GetEnvironmentVariable("HARMONY_GOLDEN_REPORT") is { Length: > 0 } report)
        {
            await File.WriteAllLinesAsync(report, Differences.Select(d => d.ToString()));
        }
    }

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(home))
        {
            Directory.Delete(home, recursive: true);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What was done between the recorded requests, as their answers tell.</summary>
    private async Task PrepareAsync(GoldenCase golden)
    {
        const string Watched = "/api/v1/namespaces/golden/configmaps";
        switch (golden.Group, golden.Name)
        {
            case ("custom-resources", "create good"):
                for (var attempt = 0; attempt < 200; attempt++)
                {
                    using var found = await http.GetAsync("/apis/example.com/v1", TestContext.Current.CancellationToken);
                    if (found.IsSuccessStatusCode)
                    {
                        break;
                    }

                    await Task.Delay(10, TestContext.Current.CancellationToken);
                }

                break;
            case ("watches", "from a version"):
                await HiddenAsync(HttpMethod.Post, Watched, """{"metadata":{"name":"watched","labels":{"w":"1"}}}""");
                await HiddenAsync(HttpMethod.Patch, $"{Watched}/watched", """{"data":{"a":"1"}}""");
                await HiddenAsync(HttpMethod.Patch, $"{Watched}/watched", """{"metadata":{"labels":null}}""");
                await HiddenAsync(HttpMethod.Delete, $"{Watched}/watched", null);
                break;
            case ("deletes-and-subresources", "delete with a finalizer"):
                await HiddenAsync(HttpMethod.Patch, $"{Watched}/ssa", """{"metadata":{"finalizers":["example.com/f"]}}""");
                break;
        }
    }

    private async Task HiddenAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new(method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    private async Task<IEnumerable<Difference>> SendAsync(GoldenCase golden)
    {
        using var request = new HttpRequestMessage(new(golden.Method), Translate(golden.Path));
        request.Headers.TryAddWithoutValidation("Accept", golden.Request["accept"]?.GetValue<string>() ?? "application/json");
        if (golden.Request["body"]?.DeepClone() is { } body)
        {
            foreach (var (map, name) in new[] { (versions, "resourceVersion"), (uids, "uid") })
            {
                if (body.At("metadata", name).AsText() is { } theirs && map.TryGetValue(theirs, out var ours))
                {
                    body["metadata"]![name] = ours;
                }
            }

            request.Content = new StringContent(body is JsonValue v && v.TryGetValue<string>(out var raw) ? raw : body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = new(golden.Request["contentType"]?.GetValue<string>() ?? "application/json");
        }

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var expected = golden.Response["body"];
        var actual = Parse(text, expected);
        Learn(expected, actual);
        var differences = new List<Difference>();
        if ((int)response.StatusCode != golden.Code)
        {
            differences.Add(new(golden, "code", $"{golden.Code}", $"{(int)response.StatusCode}"));
        }

        foreach (var (name, value) in golden.Response["headers"]!.AsObject())
        {
            var values = response.Headers.NonValidated.TryGetValues(name, out var found) || response.Content.Headers.NonValidated.TryGetValues(name, out found) ? string.Join(", ", found).Replace("; ", ";", StringComparison.Ordinal) : "<absent>";
            if (values != value!.GetValue<string>().Replace("; ", ";", StringComparison.Ordinal))
            {
                differences.Add(new(golden, $"headers.{name}", value!.GetValue<string>(), values));
            }
        }

        if (!golden.Response["headers"]!.AsObject().ContainsKey("Warning") && response.Headers.TryGetValues("Warning", out var warnings))
        {
            differences.Add(new(golden, "headers.Warning", "<absent>", string.Join(", ", warnings)));
        }

        differences.AddRange(Difference.Between(golden, "body", Normalization.Apply(expected), Normalization.Apply(actual)));
        return differences;
    }

    private static JsonNode? Parse(string text, JsonNode? expected)
    {
        try
        {
            return expected is JsonArray
                ? new JsonArray([.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l))])
                : expected is JsonValue ? JsonValue.Create(text) : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    /// <summary>The versions and tokens that later requests name, as they are here.</summary>
    private void Learn(JsonNode? expected, JsonNode? actual)
    {
        foreach (var (map, name) in new[] { (versions, "resourceVersion"), (continuations, "continue"), (uids, "uid") })
        {
            if (expected.At("metadata", name).AsText() is { Length: > 0 } theirs && actual.At("metadata", name).AsText() is { Length: > 0 } ours)
            {
                map[theirs] = ours;
            }
        }
    }

    private string Translate(string path)
    {
        foreach (var (theirs, ours) in continuations)
        {
            path = path.Replace($"continue={theirs}", $"continue={ours}", StringComparison.Ordinal);
        }

        foreach (var (theirs, ours) in versions)
        {
            path = path.EndsWith($"resourceVersion={theirs}", StringComparison.Ordinal) || path.Contains($"resourceVersion={theirs}&", StringComparison.Ordinal)
                ? path.Replace($"resourceVersion={theirs}", $"resourceVersion={ours}", StringComparison.Ordinal) : path;
        }

        return path;
    }

    private static HttpClient NewClient(EmbeddedOptions options)
    {
        var config = JsonNode.Parse(File.ReadAllText(options.KubeconfigPath))!;
        var cluster = config["clusters"]![0]!["cluster"]!;
        var user = config["users"]![0]!["user"]!;
        string Pem(JsonNode? node) => Encoding.UTF8.GetString(Convert.FromBase64String(node!.GetValue<string>()));
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } } };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(Pem(cluster["certificate-authority-data"])));
        handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(Pem(user["client-certificate-data"]), Pem(user["client-key-data"]))];
        var client = new HttpClient(handler) { BaseAddress = new(cluster["server"]!.GetValue<string>()), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Python-urllib", "3.11"));
        return client;
    }
}
