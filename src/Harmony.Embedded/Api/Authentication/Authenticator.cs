using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Harmony.Embedded.Api.Strategies;
using Microsoft.AspNetCore.Http;

namespace Harmony.Embedded.Api.Authentication;

/// <summary>Tells who makes a request: by client certificate, or by a service account's bearer token.</summary>
public sealed class Authenticator(CertificateAuthority authority, TokenIssuer tokens, ClusterState cluster)
{
    private const string Bearer = "Bearer ";
    private const string WebSocketBearer = "base64url.bearer.authorization.k8s.io.";
    private const int MaxRemembered = 64;
    private readonly ConcurrentDictionary<string, User> certificates = new(StringComparer.Ordinal);

    /// <exception cref="ApiException">401: credentials were given, but they are not good.</exception>
    public User Authenticate(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate)
        {
            return FromCertificate(certificate) ?? throw ApiErrors.Unauthorized();
        }

        if (Token(context.Request) is { } token)
        {
            return tokens.Check(token, cluster) ?? throw ApiErrors.Unauthorized();
        }

        return User.Anonymous;
    }

    private User? FromCertificate(X509Certificate2 certificate)
    {
        var thumbprint = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        if (certificates.TryGetValue(thumbprint, out var known))
        {
            return known;
        }

        if (!authority.Signed(certificate))
        {
            return null;
        }

        var name = "";
        var groups = new List<string>();
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            switch (part.GetSingleElementType().Value)
            {
                case "2.5.4.3":
                    name = part.GetSingleElementValue() ?? "";
                    break;
                case "2.5.4.10":
                    groups.Add(part.GetSingleElementValue() ?? "");
                    break;
            }
        }

        var user = new User(name, null, [.. groups, "system:authenticated"]);
        if (certificates.Count < MaxRemembered)
        {
            certificates[thumbprint] = user;
        }

        return user;
    }

    private static string? Token(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return header[Bearer.Length..].Trim();
        }

        // Browsers and some clients cannot set the header on a WebSocket: the token travels as a sub-protocol.
        foreach (var protocol in request.Headers.SecWebSocketProtocol.ToString().Split(',', StringSplitOptions.TrimEntries))
        {
            if (protocol.StartsWith(WebSocketBearer, StringComparison.Ordinal))
            {
                try
                {
                    return System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(protocol.AsSpan(WebSocketBearer.Length)));
                }
                catch (FormatException)
                {
                    return "";
                }
            }
        }

        return null;
    }
}
