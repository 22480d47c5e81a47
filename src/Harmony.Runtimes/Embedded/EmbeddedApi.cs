using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Harmony.Platform.Files;

namespace Harmony.Runtimes.Embedded;

/// <summary>What the process says of itself.</summary>
/// <param name="Answers">Whether it is there, with the certificates that it should have.</param>
/// <param name="Trouble">What keeps it from being ready, in its own words; null when it is.</param>
internal sealed record EmbeddedReadiness(bool Answers, string? Trouble);

/// <summary>The few requests that the provider itself sends to the process; all else goes through the Kubernetes client.</summary>
internal sealed class EmbeddedApi : IDisposable
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>An image of many gigabytes is unpacked in this time even by a slow disk.</summary>
    private static readonly TimeSpan LongestLoad = TimeSpan.FromMinutes(15);

    private readonly EmbeddedCredentials credentials;
    private readonly HttpClient client;

    private EmbeddedApi(EmbeddedEndpoint endpoint, EmbeddedCredentials credentials)
    {
        this.credentials = credentials;
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(credentials.Authority);
        client = new HttpClient(new SocketsHttpHandler
        {
            // Loopback: a proxy of the environment is not meant for it.
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = trust,
                LocalCertificateSelectionCallback = (_, _, _, _, _) => credentials.Client,
            },
        })
        {
            BaseAddress = endpoint.Url,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    /// <exception cref="RuntimeException">The kubeconfig is missing or damaged.</exception>
    public static EmbeddedApi Open(EmbeddedFiles files, EmbeddedEndpoint endpoint) => new(endpoint, EmbeddedCredentials.Read(files.Kubeconfig));

    /// <summary>Asks whether it is ready. Takes at most five seconds.</summary>
    public async Task<EmbeddedReadiness> AskAsync(CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            using var response = await client.GetAsync(new Uri("/readyz", UriKind.Relative), bound.Token);
            var text = (await response.Content.ReadAsStringAsync(bound.Token)).Trim();
            return new(true, response.StatusCode == HttpStatusCode.OK && text == "ok" ? null : Failing(text) ?? $"it answers {(int)response.StatusCode}: {Message(text)}");
        }
        catch (HttpRequestException e)
        {
            return new(false, $"it does not answer at {client.BaseAddress}: {(e.InnerException ?? e).Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(false, $"it does not answer at {client.BaseAddress} within five seconds");
        }
    }

    /// <summary>Sends an OCI image layout archive.</summary>
    /// <exception cref="RuntimeException">It was refused, or the connection broke.</exception>
    public async Task LoadImageAsync(string archive, CancellationToken cancellation)
    {
        var failed = $"The image archive '{archive}' could not be loaded into the embedded runtime";
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(LongestLoad);
        try
        {
            await using var stream = Disk.OpenRead(archive);
            using var content = new StreamContent(stream);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
            using var response = await client.PostAsync(new Uri("/harmony.dev/v1/images", UriKind.Relative), content, bound.Token);
            if (!response.IsSuccessStatusCode)
            {
                var said = Message(await response.Content.ReadAsStringAsync(bound.Token));
                throw new RuntimeException(RuntimeError.ImageRefused, $"{failed}: {said}");
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RuntimeException(RuntimeError.TimedOut, $"{failed} within {LongestLoad.TotalMinutes:0} minutes.", "See `harmony runtime status`.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            throw new RuntimeException(RuntimeError.ImageRefused, $"{failed}.", "See `harmony runtime status`.", e);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        credentials.Dispose();
    }

    /// <summary>Of the list of checks those that fail: <c>[-]node failed: the node has not registered yet</c>. Null where it is no such list.</summary>
    private static string? Failing(string text)
    {
        const string mark = "[-]";
        var failing = text.Split('\n').Where(l => l.StartsWith(mark, StringComparison.Ordinal)).Select(l => l[mark.Length..].Trim()).ToList();
        return failing.Count > 0 ? string.Join("; ", failing) : null;
    }

    /// <summary>The message of a metav1.Status, or the text as it is.</summary>
    private static string Message(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("message", out var message))
            {
                return message.GetString() ?? body;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Plain text, then.
        }

        return body.Length == 0 ? "it gave no reason" : body;
    }
}
