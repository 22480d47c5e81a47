using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>Failures of the network in Go's words, as containerd's users know them (and search for them).</summary>
internal static class TransportWords
{
    public static RegistryException Describe(HttpMethod method, Uri url, Exception error, RegistryTls tls)
    {
        var cause = Cause(url, error);
        var certificate = Find<AuthenticationException>(error) is not null && !url.Scheme.Equals("http", StringComparison.Ordinal);
        return new($"failed to do request: {Title(method)} \"{url}\": {cause}", error)
        {
            IsTransient = error is IOException || Find<SocketException>(error) is { SocketErrorCode: SocketError.ConnectionReset or SocketError.TimedOut or SocketError.ConnectionAborted or SocketError.TryAgain } || error is TimeoutException,
            IsWrongProtocol = error is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded } || (certificate && !tls.SkipVerify && cause.StartsWith("http: ", StringComparison.Ordinal)),
        };
    }

    private static string Cause(Uri url, Exception error)
    {
        if (error is TimeoutException)
        {
            return error.Message;
        }

        if (Find<CertificateException>(error) is { } certificate)
        {
            return $"tls: failed to verify certificate: {certificate.Message}";
        }

        if (Find<AuthenticationException>(error) is { } tls)
        {
            return tls.Message.Contains("frame", StringComparison.OrdinalIgnoreCase) || tls.InnerException?.Message.Contains("wrong version", StringComparison.OrdinalIgnoreCase) == true
                ? "http: server gave HTTP response to HTTPS client"
                : $"tls: handshake failure: {tls.Message}";
        }

        if (Find<SocketException>(error) is { } socket)
        {
            var address = Find<ConnectException>(error)?.Address ?? $"{url.Host}:{url.Port}";
            return socket.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData => $"dial tcp: lookup {url.Host}: no such host",
                SocketError.TryAgain => $"dial tcp: lookup {url.Host}: Temporary failure in name resolution",
                SocketError.ConnectionRefused => $"dial tcp {address}: connect: connection refused",
                SocketError.HostUnreachable => $"dial tcp {address}: connect: no route to host",
                SocketError.NetworkUnreachable => $"dial tcp {address}: connect: network is unreachable",
                SocketError.TimedOut => $"dial tcp {address}: i/o timeout",
                SocketError.ConnectionReset => "read: connection reset by peer",
                _ => $"dial tcp {address}: {socket.Message}",
            };
        }

        return error is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } ? "EOF" : Innermost(error).Message;
    }

    /// <summary>What is wrong with a certificate.</summary>
    public static string Describe(SslPolicyErrors errors, string host, System.Security.Cryptography.X509Certificates.X509Certificate2? certificate, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (certificate is null)
        {
            return "x509: the server sent no certificate";
        }

        if (now > certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime())
        {
            return "x509: certificate has expired or is not yet valid";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            var names = certificate.Extensions.OfType<System.Security.Cryptography.X509Certificates.X509SubjectAlternativeNameExtension>()
                .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))).ToList();
            return $"x509: certificate is valid for {(names.Count == 0 ? certificate.GetNameInfo(System.Security.Cryptography.X509Certificates.X509NameType.SimpleName, false) : string.Join(", ", names))}, not {host}";
        }

        return "x509: certificate signed by unknown authority";
    }

    private static string Title(HttpMethod method) => method.Method[..1] + method.Method[1..].ToLowerInvariant();

    private static T? Find<T>(Exception error)
        where T : Exception
    {
        for (var e = error; e is not null; e = e.InnerException!)
        {
            if (e is T found)
            {
                return found;
            }
        }

        return null;
    }

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}

/// <summary>A certificate that is not believed; the message says why, as Go's crypto/x509 does.</summary>
internal sealed class CertificateException(string message) : Exception(message);

/// <summary>A connection that failed, with the address that was tried.</summary>
internal sealed class ConnectException(string address, Exception inner) : IOException(inner.Message, inner)
{
    public string Address { get; } = address;
}
