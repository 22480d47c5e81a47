using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Harmony.Platform.Downloads;

/// <summary>
/// HTTP connections to the world as this machine wants them: through the proxy of <c>HTTP_PROXY</c>, <c>HTTPS_PROXY</c>, <c>ALL_PROXY</c> and
/// <c>NO_PROXY</c>, trusting also the authorities in the file of <c>HARMONY_CA_BUNDLE</c> or <c>SSL_CERT_FILE</c>.
/// </summary>
public sealed class HttpConnections
{
    private static readonly string[] BundleVariables = ["HARMONY_CA_BUNDLE", "SSL_CERT_FILE"];

    private readonly X509Certificate2Collection authorities = [];
    private readonly IWebProxy proxy;
    private volatile string? distrust;

    /// <param name="environment">Looks up a variable.</param>
    /// <param name="proxy">The proxy to use; the environment's where null.</param>
    /// <exception cref="DownloadException">The file of authorities cannot be read.</exception>
    public HttpConnections(Func<string, string?> environment, IWebProxy? proxy = null)
    {
        this.proxy = proxy ?? HttpClient.DefaultProxy;
        foreach (var variable in BundleVariables)
        {
            if (environment(variable) is { Length: > 0 } file)
            {
                Bundle = $"{file} ({variable})";
                Load(file);
                break;
            }
        }
    }

    /// <summary>The file of further authorities, and which variable names it; null where none does.</summary>
    public string? Bundle { get; }

    public static HttpConnections FromEnvironment() => new(Environment.GetEnvironmentVariable);

    /// <summary>A handler to build a client on. Redirects are followed, but never from https to http.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        Proxy = proxy,
        UseProxy = true,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxAutomaticRedirections = 10,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Trust },
    };

    /// <summary>The proxy that requests to this address go through, without its credentials; null for none.</summary>
    public string? ProxyFor(Uri address)
    {
        try
        {
            return !proxy.IsBypassed(address) && proxy.GetProxy(address) is { } used && used != address
                ? used.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
                : null;
        }
        catch (Exception e) when (e is PlatformNotSupportedException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Which host was not trusted last, and why; null where every one was.</summary>
    public string? LastDistrust => distrust;

    private bool Trust(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var host = (sender as SslStream)?.TargetHostName ?? "";
        if (errors == SslPolicyErrors.None || (errors == SslPolicyErrors.RemoteCertificateChainErrors && TrustByBundle(certificate, chain)))
        {
            return true;
        }

        var status = chain?.ChainStatus.Select(s => s.StatusInformation.Trim()).FirstOrDefault(s => s.Length > 0);
        distrust = $"{host} is not trusted: " + (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"the certificate is for another name ('{certificate?.Subject}')"
            : $"the certificate was issued by '{certificate?.Issuer}'" + (status is null ? "" : $": {status}"));
        return false;
    }

    private bool TrustByBundle(X509Certificate? certificate, X509Chain? systemChain)
    {
        if (authorities.Count == 0 || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in systemChain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(leaf);
    }

    private void Load(string file)
    {
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new DownloadException(DownloadError.Untrusted, $"The certificate authorities in {Bundle} cannot be read.", "Name a readable file of PEM certificates there, or unset the variable.", e);
        }
    }
}
