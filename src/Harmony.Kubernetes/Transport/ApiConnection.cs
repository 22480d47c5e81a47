using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Kubeconfigs;
using k8s;
using k8s.Authentication;
using Polly;

namespace Harmony.Kubernetes.Transport;

/// <summary>
/// HTTP to one API server: TLS and credentials of a kubeconfig's context, HTTP/2 with many requests in flight, bounded waits, and repetition of what
/// may be repeated. All that goes wrong comes out as a <see cref="KubernetesException"/>.
/// </summary>
internal sealed partial class ApiConnection : IDisposable
{
    private const int MaxBody = 512 * 1024 * 1024;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);
    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = 256 };

    private readonly SocketsHttpHandler handler;
    private readonly HttpMessageInvoker invoker;
    private readonly ServiceClientCredentials? credentials;
    private readonly ResiliencePipeline<HttpResponseMessage> retries;
    private readonly TimeProvider time;
    private readonly string context;

    public ApiConnection(KubeconfigContext context, TimeProvider time)
    {
        this.time = time;
        this.context = context.Name;
        Address = context.Server;
        var configuration = context.ToClientConfiguration();
        credentials = k8s.Kubernetes.CreateCredentials(configuration);
        handler = CreateHandler(configuration);
        invoker = new HttpMessageInvoker(handler, disposeHandler: true);
        retries = CreateRetries(time);
    }

    public Uri Address { get; }

    public TimeProvider Time => time;

    /// <summary>One request with its whole answer; refusals are thrown.</summary>
    public async Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var response = await ExchangeAsync(request, both.Token);
            var body = await ReadBodyAsync(response, both.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw Refused(request, response, body);
            }

            var warnings = response.Headers.TryGetValues("Warning", out var values) ? values.Select(WarningText).ToArray() : [];
            return new(response.StatusCode, Parse(request, body), warnings, response.Headers.Date);
        }
        catch (Exception e) when (e is not KubernetesException)
        {
            throw Translate(request, e, cancellation);
        }
    }

    /// <summary>One request whose answer is read as it comes; the caller disposes it. Only the wait for its start is bounded.</summary>
    public async Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(request.MayStartLate ? Timeout.InfiniteTimeSpan : RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var response = await ExchangeAsync(request, both.Token);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                throw Refused(request, response, await ReadBodyAsync(response, both.Token));
            }
        }
        catch (Exception e) when (e is not KubernetesException)
        {
            throw Translate(request, e, cancellation);
        }
    }

    /// <summary>Opens a WebSocket with one of these sub-protocols, the first preferred.</summary>
    public async Task<WebSocket> OpenSocketAsync(ApiRequest request, IReadOnlyList<string> protocols, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var socket = new ClientWebSocket();
        try
        {
            foreach (var protocol in protocols)
            {
                socket.Options.AddSubProtocol(protocol);
            }

            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(20);
            socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
            using var message = await CreateMessageAsync(request, both.Token);
            if (message.Headers.Authorization is { } authorization)
            {
                socket.Options.SetRequestHeader("Authorization", authorization.ToString());
            }

            var address = new UriBuilder(message.RequestUri!) { Scheme = Address.Scheme == "https" ? "wss" : "ws" }.Uri;
            await socket.ConnectAsync(address, invoker, both.Token);
            return socket;
        }
        catch (Exception e)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            if ((int)status is not (0 or 101))
            {
                throw ApiErrors.Refused(request.Doing, (int)status, null, context, e);
            }

            throw Translate(request, e, cancellation);
        }
    }

    public KubernetesException Translate(ApiRequest request, Exception e, CancellationToken cancellation)
    {
        if (e is OperationCanceledException && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }

        return ApiErrors.Unreachable(request.Doing, Address, context, e);
    }

    public void Dispose() => invoker.Dispose();

    private async Task<HttpResponseMessage> ExchangeAsync(ApiRequest request, CancellationToken cancellation)
    {
        var properties = ResilienceContextPool.Shared.Get(cancellation);
        properties.Properties.Set(ApiRequest.Key, request);
        try
        {
            return await retries.ExecuteAsync(
                async (c, self) =>
                {
                    using var message = await self.CreateMessageAsync(c.Properties.GetValue(ApiRequest.Key, null!), c.CancellationToken);
                    return await self.invoker.SendAsync(message, c.CancellationToken);
                },
                properties,
                this);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(properties);
        }
    }

    private async Task<HttpRequestMessage> CreateMessageAsync(ApiRequest request, CancellationToken cancellation)
    {
        var basePath = Address.AbsolutePath.TrimEnd('/');
        var message = new HttpRequestMessage(request.Method, new Uri(Address, basePath + request.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("harmony", "1"));
        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        if (credentials is not null)
        {
            await credentials.ProcessHttpRequestAsync(message, cancellation);
        }

        return message;
    }

    private KubernetesException Refused(ApiRequest request, HttpResponseMessage response, byte[] body)
    {
        JsonObject? status = null;
        try
        {
            status = JsonNode.Parse(body, documentOptions: ParseOptions) as JsonObject;
        }
        catch (JsonException)
        {
            // Proxies answer in HTML.
        }

        return ApiErrors.Refused(request.Doing, (int)response.StatusCode, status, context);
    }

    private JsonObject Parse(ApiRequest request, byte[] body)
    {
        try
        {
            return JsonNode.Parse(body, documentOptions: ParseOptions) as JsonObject ?? [];
        }
        catch (JsonException e)
        {
            throw new KubernetesException(KubernetesError.Failed, $"{ApiErrors.Sentence(request.Doing)}: {Address} answered with something that is no JSON.", "See whether this is the address of a Kubernetes API.", e);
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await response.Content.LoadIntoBufferAsync(MaxBody, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    // 299 - "text", with \" for quotes within.
    private static string WarningText(string header)
    {
        var first = header.IndexOf('"', StringComparison.Ordinal);
        var last = header.LastIndexOf('"');
        return first >= 0 && last > first ? header[(first + 1)..last].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal) : header;
    }
}
