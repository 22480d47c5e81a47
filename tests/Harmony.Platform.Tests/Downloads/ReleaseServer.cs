using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Platform.Tests.Downloads;

/// <summary>A server of one file, with the faults that real ones have.</summary>
internal sealed class ReleaseServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ReleaseServer(WebApplication app, X509Certificate2? certificate)
    {
        this.app = app;
        Certificate = certificate;
    }

    public X509Certificate2? Certificate { get; }

    public byte[] Content { get; set; } = RandomNumberGenerator.GetBytes(300_000);

    public string? Tag { get; set; } = "\"one\"";

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Content));

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/tool");

    /// <summary>What happens to the next requests, one each; an ordinary answer when it is empty.</summary>
    public Queue<Func<HttpContext, Task>> Faults { get; } = new();

    /// <summary>The Range headers of the requests that came.</summary>
    public List<string> Ranges { get; } = [];

    public static async Task<ReleaseServer> StartAsync(bool tls = false)
    {
        var certificate = tls ? SelfSigned() : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var web = builder.Build();
        var server = new ReleaseServer(web, certificate);
        web.Run(server.AnswerAsync);
        await web.StartAsync();
        return server;
    }

    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Sends so many bytes of the whole, then breaks the connection off.</summary>
    public async Task BreakAfterAsync(HttpContext context, int bytes)
    {
        await StartAsync(context, bytes);
        context.Abort();
    }

    /// <summary>Sends so many bytes of the whole, then nothing more.</summary>
    public async Task StallAfterAsync(HttpContext context, int bytes)
    {
        await StartAsync(context, bytes);
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Certificate?.Dispose();
    }

    private async Task StartAsync(HttpContext context, int bytes)
    {
        context.Response.ContentLength = Content.Length;
        context.Response.Headers.ETag = Tag;
        await context.Response.Body.WriteAsync(Content.AsMemory(0, bytes));
        await context.Response.Body.FlushAsync();
        // The client must have seen these bytes before the connection goes.
        await Task.Delay(100);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var range = context.Request.Headers.Range.ToString();
        Ranges.Add(range);
        if (Faults.TryDequeue(out var fault))
        {
            await fault(context);
            return;
        }

        context.Response.Headers.ETag = Tag;
        var start = 0;
        if (range.Length > 0 && context.Request.Headers.IfRange.ToString() == Tag)
        {
            start = int.Parse(range["bytes=".Length..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {start}-{Content.Length - 1}/{Content.Length}";
        }

        context.Response.ContentLength = Content.Length - start;
        await context.Response.Body.WriteAsync(Content.AsMemory(start));
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=A company that looks into everything", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
