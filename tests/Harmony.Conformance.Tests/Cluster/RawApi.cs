using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace Harmony.Conformance.Tests.Cluster;

/// <summary>HTTP to the API with the kubeconfig's credentials: paths in, answers out, refusals included.</summary>
public sealed class RawApi : IDisposable
{
    public const string JsonPatch = "application/json-patch+json";
    public const string MergePatch = "application/merge-patch+json";
    public const string StrategicMergePatch = "application/strategic-merge-patch+json";
    public const string ApplyPatch = "application/apply-patch+yaml";
    public const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    private readonly k8s.Kubernetes client;

    public RawApi(string kubeconfig)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        client = new k8s.Kubernetes(configuration);
    }

    public Task<Answer> GetAsync(string path, string accept = "application/json") => SendAsync(HttpMethod.Get, path, accept: accept);

    public Task<Answer> PostAsync(string path, string body, string type = "application/json") => SendAsync(HttpMethod.Post, path, body, type);

    public Task<Answer> PostAsync(string path, JsonObject body) => PostAsync(path, body.ToJsonString());

    public Task<Answer> PutAsync(string path, JsonObject body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    public Task<Answer> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, options);

    public Task<Answer> PatchAsync(string path, string body, string type = MergePatch) => SendAsync(HttpMethod.Patch, path, body, type);

    /// <summary>Server-side apply by this field manager.</summary>
    public Task<Answer> ApplyAsync(string path, string manager, string body, bool force = false) =>
        PatchAsync($"{path}?fieldManager={manager}{(force ? "&force=true" : "")}", body, ApplyPatch);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string accept = "application/json")
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(30));
        using var response = await OpenAsync(method, path, body, type, accept, HttpCompletionOption.ResponseContentRead, bound.Token);
        var text = await response.Content.ReadAsStringAsync(bound.Token);
        return new($"{method} {path}", (int)response.StatusCode, Parse(text), text, response.Headers.TryGetValues("Warning", out var warnings) ? [.. warnings] : []);
    }

    /// <summary>The events of a watch until it ends, or until there are enough. A watch that hangs ends by itself after some seconds.</summary>
    public async Task<List<JsonObject>> WatchAsync(string path, int atMost, int seconds = 20, string accept = "application/json")
    {
        var events = new List<JsonObject>();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromSeconds(seconds + 20));
        var query = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}watch=true&timeoutSeconds={seconds}";
        using var response = await OpenAsync(HttpMethod.Get, query, null, "application/json", accept, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        response.IsSuccessStatusCode.ShouldBeTrue(query);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        while (events.Count < atMost && await reader.ReadLineAsync(bound.Token) is { } line)
        {
            events.Add(Parse(line));
        }

        return events;
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, string? body, string type, string accept, HttpCompletionOption completion, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, client.BaseUri.AbsolutePath.TrimEnd('/') + path));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        if (client.Credentials is not null)
        {
            await client.Credentials.ProcessHttpRequestAsync(request, cancellation);
        }

        return await client.HttpClient.SendAsync(request, completion, cancellation);
    }

    private static JsonObject Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
