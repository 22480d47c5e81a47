using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>HTTP clients for registries, one for each way of judging certificates. Proxies are the environment's, but never for this machine.</summary>
internal sealed class RegistryConnections(RegistryTimeouts timeouts, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<(RegistryTls Tls, bool Loopback), HttpMessageInvoker> _clients = [];

    public HttpMessageInvoker For(RegistryEndpoint endpoint) => For(endpoint.Tls, endpoint.Url);

    public HttpMessageInvoker For(RegistryTls tls, Uri url) =>
        _clients.GetOrAdd((tls, RegistryEndpoint.IsLoopback(url.Host)), key => new(Make(key.Tls, key.Loopback)));

    public void Dispose()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    private SocketsHttpHandler Make(RegistryTls tls, bool loopback)
    {
        var handler = new SocketsHttpHandler
        {
            // Redirects are followed by hand: credentials must not go to another host.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !loopback,
            ConnectTimeout = timeouts.Connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxResponseHeadersLength = 64,
            ConnectCallback = ConnectAsync,
        };
        var authority = tls.CertificateAuthority is { } path ? Read(path, p => X509CertificateLoaderOf(p)) : null;
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, _, errors) =>
            tls.SkipVerify || errors == SslPolicyErrors.None || Judge((SslStream)sender, certificate as X509Certificate2, errors, authority);
        if (tls.Certificate is { } certificate)
        {
            handler.SslOptions.ClientCertificates =
            [
                Read(certificate, c => X509Certificate2.CreateFromPem(Disk.ReadText(c), Disk.ReadText(tls.Key ?? c))),
            ];
        }

        return handler;
    }

    private static X509Certificate2Collection X509CertificateLoaderOf(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Disk.ReadText(path));
        return authorities;
    }

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new RegistryException($"registries.yaml: reading '{path}': {e.Message}", e);
        }
    }

    private bool Judge(SslStream stream, X509Certificate2? certificate, SslPolicyErrors errors, X509Certificate2Collection? authority)
    {
        if (certificate is not null && authority is not null && errors == SslPolicyErrors.RemoteCertificateChainErrors)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            if (chain.Build(certificate))
            {
                return true;
            }
        }

        // The handshake's own words would be the library's; these are what people search for.
        throw new CertificateException(TransportWords.Describe(errors, stream.TargetHostName, certificate, time));
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        Exception? last = null;

        // IPv4 first: "localhost" is ::1 as well, and registries on this machine often listen on 127.0.0.1 alone.
        foreach (var address in addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last ??= new ConnectException(new IPEndPoint(address, context.DnsEndPoint.Port).ToString(), e);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }
}
