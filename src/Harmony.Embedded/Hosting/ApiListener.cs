using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Harmony.Embedded.Api.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Hosting;

/// <summary>The HTTPS server on loopback: TLS with the cluster's own certificate, HTTP/1.1 and HTTP/2, client certificates where clients have them.</summary>
internal sealed class ApiListener : IAsyncDisposable
{
    private const int MaxStreams = 250;
    private static readonly TimeSpan CertificateCheck = TimeSpan.FromHours(6);
    private readonly WebApplication app;

    private ApiListener(WebApplication app, int port)
    {
        this.app = app;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Serves on this port, or on another where it is 0 or taken.</summary>
    /// <exception cref="EmbeddedException">No port can be had.</exception>
    public static async Task<ApiListener> StartAsync(
        int port, CertificateAuthority authority, IReadOnlyList<IPAddress> addresses, RequestDelegate handler, RuntimeLog log, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await ListenAsync(port, authority, addresses, handler, log, time, cancellation);
        }
        catch (IOException e) when (port != 0)
        {
            log.CreateLogger("api").LogWarning("Port {Port} is taken ({Reason}): choosing another", port, e.Message);
        }
        catch (IOException e)
        {
            throw CannotListen(e);
        }

        try
        {
            return await ListenAsync(0, authority, addresses, handler, log, time, cancellation);
        }
        catch (IOException e)
        {
            throw CannotListen(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Watches never end by themselves; a second is enough for everything else.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // What is still open is cut off now.
        }

        await app.DisposeAsync();
    }

    private static EmbeddedException CannotListen(IOException e) =>
        new(EmbeddedError.CannotListen, $"the embedded runtime cannot listen on 127.0.0.1: {e.Message}", "Check that the loopback interface is up and that this machine allows programs to listen on it.", e);

    private static async Task<ApiListener> ListenAsync(
        int port, CertificateAuthority authority, IReadOnlyList<IPAddress> addresses, RequestDelegate handler, RuntimeLog log, TimeProvider time, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<ILoggerFactory>(log);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;

            // Bodies have bounds of their own; archives of images may have any size, and watches any speed.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(Tls(authority, addresses, time));
            });
        });
        var built = builder.Build();
        try
        {
            built.Run(handler);
            await built.StartAsync(cancellation);
            var address = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new(built, new Uri(address).Port);
        }
        catch
        {
            await built.DisposeAsync();
            throw;
        }
    }

    private static TlsHandshakeCallbackOptions Tls(CertificateAuthority authority, IReadOnlyList<IPAddress> addresses, TimeProvider time)
    {
        string[] names =
        [
            "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
        ];
        SslStreamCertificateContext Make()
        {
            var certificate = authority.Server(names, addresses);
            return SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        var gate = new Lock();
        var current = Make();
        var made = time.GetTimestamp();
        return new()
        {
            OnConnection = _ =>
            {
                lock (gate)
                {
                    // Near its end the certificate is made anew: this process may run for longer than it lives.
                    if (time.GetElapsedTime(made) > CertificateCheck)
                    {
                        current = Make();
                        made = time.GetTimestamp();
                    }

                    return ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = current,
                        ClientCertificateRequired = true,
                        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

                        // None is fine here: others come with a token.
                        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is null || (certificate is X509Certificate2 given && authority.Signed(given)),
                    });
                }
            },
        };
    }
}
