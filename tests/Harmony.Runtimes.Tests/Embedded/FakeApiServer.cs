using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Runtimes.Tests.Embedded;

/// <summary>What the embedded process would serve, with certificates of its own authority, in the test's process.</summary>
internal sealed class FakeApiServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private FakeApiServer(WebApplication app, string kubeconfig)
    {
        this.app = app;
        Kubeconfig = kubeconfig;
    }

    public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>The kubeconfig's text that fits this server.</summary>
    public string Kubeconfig { get; }

    public (int Status, string Text) Readiness { get; set; } = (200, "ok");

    public (int Status, string Text) ImageAnswer { get; set; } = (200, "");

    public List<string> Images { get; } = [];

    public static async Task<FakeApiServer> StartAsync()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-ca", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var server = Leaf("CN=server", authority);
        var client = Leaf("CN=client", authority);
        var trusted = X509CertificateLoader.LoadCertificate(authority.RawData);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = server;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => certificate.Issuer == trusted.Subject;
        })));
        var web = builder.Build();
        var fake = new FakeApiServer(web, $$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "harmony",
             "clusters": [{"name": "harmony", "cluster": {"server": "https://127.0.0.1", "certificate-authority-data": "{{Base64(trusted.ExportCertificatePem())}}"} }],
             "users": [{"name": "harmony", "user": {"client-certificate-data": "{{Base64(client.ExportCertificatePem())}}", "client-key-data": "{{Base64(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem())}}"} }]}
            """);
        web.Run(fake.AnswerAsync);
        await web.StartAsync();
        return fake;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Connection.ClientCertificate is null)
        {
            context.Response.StatusCode = 401;
        }
        else if (context.Request.Path == "/readyz")
        {
            context.Response.StatusCode = Readiness.Status;
            await context.Response.WriteAsync(Readiness.Text);
        }
        else if (context.Request is { Method: "POST", Path.Value: "/harmony.dev/v1/images" })
        {
            using var reader = new StreamReader(context.Request.Body);
            Images.Add(await reader.ReadToEndAsync());
            context.Response.StatusCode = ImageAnswer.Status;
            await context.Response.WriteAsync(ImageAnswer.Text);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }

    private static X509Certificate2 Leaf(string subject, X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
}
