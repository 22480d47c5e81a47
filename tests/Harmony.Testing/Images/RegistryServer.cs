using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Testing.Images;

/// <summary>
/// A registry on loopback that serves the images it is given (it takes no pushes), with faults on demand. What was asked of it is in <see cref="Requests"/>.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (BuiltImage Image, string Digest)> _tags = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    private RegistryServer(WebApplication app, RegistryOptions options)
    {
        _app = app;
        Options = options;
    }

    public RegistryOptions Options { get; }

    /// <summary><c>127.0.0.1:40123</c>: what image references begin with.</summary>
    public string Host { get; private set; } = "";

    /// <summary><c>GET /v2/a/manifests/1</c>, in the order they came.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The Authorization header of each request; empty where there was none.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = [];

    /// <summary>Answers a request in place of the registry; returns false where it is to be served as usual.</summary>
    public Func<HttpContext, Task<bool>>? Fault { get; set; }

    /// <summary>The certificate of a registry with TLS, PEM.</summary>
    public string Certificate { get; private set; } = "";

    public static async Task<RegistryServer> StartAsync(RegistryOptions? options = null)
    {
        options ??= new();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        X509Certificate2? certificate = options.Tls ? MakeCertificate(options.CertificateName) : null;
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var app = builder.Build();
        var server = new RegistryServer(app, options) { Certificate = certificate?.ExportCertificatePem() ?? "" };
        app.Run(server.ServeAsync);
        await app.StartAsync();
        server.Host = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Authority;
        return server;
    }

    /// <summary>Serves the image and returns its reference.</summary>
    public string Add(string repository, string tag, BuiltImage image)
    {
        foreach (var (digest, content) in image.Blobs)
        {
            _blobs[digest] = content;
        }

        _types[image.Digest] = image.MediaType;
        _tags[$"{repository}:{tag}"] = (image, image.Digest);
        return $"{Host}/{repository}:{tag}";
    }

    /// <summary>Serves other bytes than the digest says.</summary>
    public void Spoil(string digest, byte[] content) => _blobs[digest] = content;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await _app.StopAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            // A client hangs on.
        }

        await _app.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Never answers, until the client leaves or the server stops.</summary>
    public async Task<bool> StallAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        try
        {
            await Task.Delay(Timeout.Infinite, either.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }

        return true;
    }

    /// <summary>Sends a part of the blob, then cuts the connection.</summary>
    public async Task<bool> TruncateAsync(HttpContext context, string digest, int length)
    {
        var blob = _blobs[digest];
        context.Response.ContentLength = blob.Length;
        await context.Response.Body.WriteAsync(blob.AsMemory(0, length));
        await context.Response.Body.FlushAsync();

        // A reset that overtakes the bytes would make the client lose them.
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        context.Abort();
        return true;
    }

    public static async Task<bool> AnswerAsync(HttpContext context, int status, string body = "")
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
        return true;
    }

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Requests.Enqueue($"{context.Request.Method} {path}");
        Authorizations.Enqueue(context.Request.Headers.Authorization.ToString());
        if (Fault is { } fault && await fault(context))
        {
            return;
        }

        if (path == "/token")
        {
            await ServeTokenAsync(context);
        }
        else if (!IsAuthorized(context))
        {
            context.Response.Headers.WWWAuthenticate = Options.Authentication == RegistryAuthentication.Basic
                ? "Basic realm=\"test\""
                : $"Bearer realm=\"{context.Request.Scheme}://{Host}/token\",service=\"test\",scope=\"repository:{Repository(path)}:pull\""
                    + (context.Request.Headers.Authorization.Count > 0 ? ",error=\"insufficient_scope\"" : "");
            await AnswerAsync(context, 401, """{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""");
        }
        else if (path.Split('/') is ["", "v2", .. var repository, "manifests", var name])
        {
            var digest = name.StartsWith("sha256:", StringComparison.Ordinal) ? name : _tags.GetValueOrDefault($"{string.Join('/', repository)}:{name}").Digest;
            await ServeBlobAsync(context, digest, "MANIFEST_UNKNOWN");
        }
        else if (path.Split('/') is ["", "v2", .., "blobs", var blob])
        {
            await ServeBlobAsync(context, blob, "BLOB_UNKNOWN");
        }
        else
        {
            await AnswerAsync(context, path is "/v2/" or "/v2" ? 200 : 404);
        }
    }

    private async Task ServeTokenAsync(HttpContext context)
    {
        var wanted = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Options.User}:{Options.Password}"));
        if (Options.Authentication == RegistryAuthentication.Token && context.Request.Headers.Authorization != wanted)
        {
            await AnswerAsync(context, context.Request.Headers.Authorization.Count == 0 ? 403 : 401);
        }
        else
        {
            await AnswerAsync(context, 200, $$"""{"token":"{{Options.Token}}"}""");
        }
    }

    private bool IsAuthorized(HttpContext context) => Options.Authentication switch
    {
        RegistryAuthentication.None => true,
        RegistryAuthentication.Basic => context.Request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Options.User}:{Options.Password}")),
        RegistryAuthentication.AnonymousTokenWithoutScope => false,
        _ => context.Request.Headers.Authorization == "Bearer " + Options.Token,
    };

    private static string Repository(string path) => string.Join('/', path.Split('/').Skip(2).TakeWhile(p => p is not ("manifests" or "blobs")));

    private async Task ServeBlobAsync(HttpContext context, string? digest, string unknown)
    {
        if (digest is null || !_blobs.TryGetValue(digest, out var content))
        {
            await AnswerAsync(context, 404, $$$"""{"errors":[{"code":"{{{unknown}}}","message":"unknown"}]}""");
            return;
        }

        var from = 0;
        if (context.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault()?.From is { } start)
        {
            from = (int)start;
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{content.Length - 1}/{content.Length}");
        }

        context.Response.ContentType = _types.GetValueOrDefault(digest) ?? (unknown == "MANIFEST_UNKNOWN" ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream");
        context.Response.Headers["Docker-Content-Digest"] = digest;
        context.Response.ContentLength = content.Length - from;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content.AsMemory(from));
        }
    }

    private static X509Certificate2 MakeCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}

/// <summary>How a registry asks who is there.</summary>
public enum RegistryAuthentication
{
    None,
    Basic,

    /// <summary>A token, for the right user and password alone.</summary>
    Token,

    /// <summary>A token for everybody.</summary>
    AnonymousToken,

    /// <summary>A token for everybody that opens nothing: how Docker Hub answers for what is not there.</summary>
    AnonymousTokenWithoutScope,
}

public sealed record RegistryOptions
{
    public RegistryAuthentication Authentication { get; init; }

    public string User { get; init; } = "user";

    public string Password { get; init; } = "pass:word";

    public string Token { get; init; } = "secret-token";

    /// <summary>With a self-signed certificate.</summary>
    public bool Tls { get; init; }

    /// <summary>Whom the certificate is for.</summary>
    public string CertificateName { get; init; } = "127.0.0.1";
}
