using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>One endpoint, asked as one user for one repository. Source: the OCI distribution specification 1.1.</summary>
internal sealed partial class RegistrySession(RegistryConnections connections, RegistryEndpoint endpoint, RegistryCredential? credential, RegistryTimeouts timeouts) : IDisposable
{
    private const int LargestError = 16 * 1024;
    private const int MostRedirects = 5;

    public RegistryEndpoint Endpoint => endpoint;

    /// <summary>Finds out which content a tag or digest names.</summary>
    /// <returns>The digest; null where the registry does not say it, and the content must be fetched to know.</returns>
    public async Task<string?> ResolveAsync(string name, CancellationToken cancellation)
    {
        var url = endpoint.Of("manifests", name);
        using var response = await SendAsync(HttpMethod.Head, url, Accept(), cancellation);
        if (response.IsSuccessStatusCode)
        {
            var digest = response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? values.FirstOrDefault() : null;
            return Descriptor.IsDigest(digest) ? digest : null;
        }

        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new RegistryException("not found") { IsNotFound = true };
        }

        if (response.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
        {
            return null;
        }

        throw Denied(response) ?? new RegistryException($"pulling from host {endpoint.Url.Authority} failed with status code [manifests {name}]: {Status(response)}")
        {
            IsUnauthorized = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden,
            IsWrongProtocol = response.StatusCode == HttpStatusCode.BadRequest && endpoint.Url.Scheme == "http",
        };
    }

    /// <summary>Fetches a manifest or index, whole.</summary>
    public async Task<(byte[] Document, string? MediaType)> FetchManifestAsync(string name, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, endpoint.Of("manifests", name), Accept(), cancellation);
        await EnsureOpenedAsync(response, cancellation);
        return (await ReadBoundedAsync(response, Manifest.Largest, cancellation), response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Opens a blob from an offset on. A registry that does not know ranges starts at 0: see the second result.</summary>
    public async Task<(Stream Content, long Offset)> OpenBlobAsync(string digest, long offset, CancellationToken cancellation)
    {
        var response = await SendAsync(
            HttpMethod.Get,
            endpoint.Of("blobs", digest),
            request => request.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null,
            cancellation);
        try
        {
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && offset > 0)
            {
                response.Dispose();
                return await OpenBlobAsync(digest, 0, cancellation);
            }

            await EnsureOpenedAsync(response, cancellation);
            var begins = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? offset : 0;
            return (new StallGuard(await response.Content.ReadAsStreamAsync(cancellation), response, timeouts.Stall), begins);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose() => _authorizing.Dispose();

    private static Action<HttpRequestMessage> Accept() => request => request.Headers.TryAddWithoutValidation("Accept", MediaTypes.AcceptedManifests);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri url, Action<HttpRequestMessage> prepare, CancellationToken cancellation)
    {
        var response = await FollowAsync(method, url, prepare, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await AuthorizeAsync(response, cancellation))
        {
            response.Dispose();
            response = await FollowAsync(method, url, prepare, cancellation);
        }

        return response;
    }

    private async Task<HttpResponseMessage> FollowAsync(HttpMethod method, Uri url, Action<HttpRequestMessage> prepare, CancellationToken cancellation)
    {
        var target = url;
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(method, target);
            prepare(request);
            if (SameOrigin(target, endpoint.Url))
            {
                request.Headers.Authorization = _authorization;
            }

            var response = await SendOnceAsync(request, cancellation);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var next = new Uri(target, location);
            if (redirects >= MostRedirects || next.Scheme is not ("http" or "https") || (target.Scheme == "https" && next.Scheme == "http"))
            {
                throw new RegistryException($"failed to do request: the redirect of \"{url}\" to \"{next.GetLeftPart(UriPartial.Path)}\" is not followed");
            }

            target = next;
        }
    }

    /// <summary>One request, with the bound on its answer, and failures in containerd's words.</summary>
    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var url = request.RequestUri!;
        request.Headers.TryAddWithoutValidation("User-Agent", "harmony");
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timeouts.Connect + timeouts.Answer);
        try
        {
            // Certificates of the endpoint's settings are for its host; where a redirect leads is judged as any site.
            var client = SameOrigin(url, endpoint.Url) ? connections.For(endpoint) : connections.For(new RegistryTls { SkipVerify = false }, url);
            return await client.SendAsync(request, bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw TransportWords.Describe(request.Method, Shown(url), new TimeoutException("net/http: timeout awaiting response headers"), endpoint.Tls);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw TransportWords.Describe(request.Method, Shown(url), e, endpoint.Tls);
        }
    }

    /// <summary>A redirect's query often holds a signature, which is as good as a password.</summary>
    private Uri Shown(Uri url) => SameOrigin(url, endpoint.Url) ? url : new(url.GetLeftPart(UriPartial.Path));

    private static bool SameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Host == b.Host && a.Port == b.Port;

    private async Task EnsureOpenedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var url = Shown(response.RequestMessage!.RequestUri!);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new RegistryException($"content at {url} not found: not found") { IsNotFound = true };
        }

        var said = ServerMessage(await ReadErrorAsync(response, cancellation));
        throw new RegistryException($"unexpected status code {url}: {Status(response)}{(said is null ? "" : $" - Server message: {said}")}")
        {
            IsTransient = (int)response.StatusCode is 500 or 502 or 503 or 504,
        };
    }

    private async Task<byte[]> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return await ReadBoundedAsync(response, LargestError, cancellation);
        }
        catch (RegistryException)
        {
            return [];
        }
    }

    private async Task<byte[]> ReadBoundedAsync(HttpResponseMessage response, int bound, CancellationToken cancellation)
    {
        var url = Shown(response.RequestMessage!.RequestUri!);
        if (response.Content.Headers.ContentLength > bound)
        {
            throw new RegistryException(string.Create(CultureInfo.InvariantCulture, $"the answer of {url} is larger than {bound} bytes"));
        }

        try
        {
            await using (var body = new StallGuard(await response.Content.ReadAsStreamAsync(cancellation), response, timeouts.Stall))
            {
                var content = new MemoryStream();
                var buffer = new byte[16 * 1024];
                while (await body.ReadAsync(buffer, cancellation) is > 0 and var read)
                {
                    content.Write(buffer, 0, read);
                    if (content.Length > bound)
                    {
                        throw new RegistryException(string.Create(CultureInfo.InvariantCulture, $"the answer of {url} is larger than {bound} bytes"));
                    }
                }

                return content.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            throw new RegistryException($"reading {url}: {e.Message}", e) { IsTransient = true };
        }
    }

    private static string Status(HttpResponseMessage response) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {HttpStatusWords.Of((int)response.StatusCode) ?? response.ReasonPhrase}");

    /// <summary><c>{"errors":[{"code":"TOOMANYREQUESTS","message":"…"}]}</c> as <c>toomanyrequests: …</c>.</summary>
    private static string? ServerMessage(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            {
                var said = errors.EnumerateArray().Select(e => $"{Descriptor.Text(e, "code")?.ToLowerInvariant().Replace("_", " ", StringComparison.Ordinal)}: {Descriptor.Text(e, "message")}").ToList();
                return said.Count == 0 ? null : string.Join("; ", said);
            }
        }
        catch (JsonException)
        {
            // An error page: its text helps nobody.
        }

        return null;
    }
}

/// <summary>Go's names of the status codes, whatever the server calls them.</summary>
internal static class HttpStatusWords
{
    public static string? Of(int code) => code switch
    {
        400 => "Bad Request", 401 => "Unauthorized", 402 => "Payment Required", 403 => "Forbidden", 404 => "Not Found", 405 => "Method Not Allowed",
        408 => "Request Timeout", 409 => "Conflict", 410 => "Gone", 429 => "Too Many Requests", 451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error", 501 => "Not Implemented", 502 => "Bad Gateway", 503 => "Service Unavailable", 504 => "Gateway Timeout",
        _ => null,
    };
}
