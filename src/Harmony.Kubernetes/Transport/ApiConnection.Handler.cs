using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Harmony.Kubernetes.Kubeconfigs;
using Harmony.Platform.Files;
using k8s;

namespace Harmony.Kubernetes.Transport;

internal sealed partial class ApiConnection
{
    private static SocketsHttpHandler CreateHandler(KubernetesClientConfiguration configuration)
    {
        var sockets = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            // A watch would otherwise never notice that the machine had slept or the network gone.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        };
        if (Uri.TryCreate(configuration.Host, UriKind.Absolute, out var host) && host.IsLoopback)
        {
            sockets.UseProxy = false;
        }

        var tls = new SslClientAuthenticationOptions();
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The user's kubeconfig says insecure-skip-tls-verify.
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (configuration.TlsServerName is { Length: > 0 } name)
        {
            tls.TargetHost = name;
        }

        if (ClientCertificate(configuration) is { } certificate)
        {
            tls.ClientCertificates = [certificate];
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        sockets.SslOptions = tls;
        return sockets;
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration)
    {
        try
        {
            var certificate = Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath);
            var key = Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath);
            if (certificate is null || key is null)
            {
                return null;
            }

            var pair = X509Certificate2.CreateFromPem(certificate, key);
            if (!OperatingSystem.IsWindows())
            {
                return pair;
            }

            // Windows' TLS does not take a key that lives in memory alone.
            using (pair)
            {
                return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
            }
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new KubernetesException(KubernetesError.Kubeconfig, $"Using the client certificate of the kubeconfig: {e.Message}", "Log in to the cluster again, or choose another context.", e);
        }

        static string? Pem(string? data, string? file) =>
            data is { Length: > 0 } ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : file is { Length: > 0 } ? Disk.ReadText(file) : null;
    }
}
