using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Api.Authentication;

/// <summary>
/// The cluster's own certificate authority, kept in the data folder (0600). It signs the server's certificate and the administrator's; all keys
/// are ECDSA P-256. Certificates begin a day in the past, so that a clock that was set back still accepts them.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan CaLifetime = TimeSpan.FromDays(10 * 365);
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);
    private static readonly TimeSpan Backdate = TimeSpan.FromDays(1);

    private readonly string folder;
    private readonly TimeProvider time;
    private readonly X509Certificate2 authority;

    private CertificateAuthority(string folder, TimeProvider time, X509Certificate2 authority)
    {
        this.folder = folder;
        this.time = time;
        this.authority = authority;
    }

    /// <summary>The authority's certificate as PEM text, for kubeconfigs and <c>kube-root-ca.crt</c>.</summary>
    public string CertificatePem => authority.ExportCertificatePem() + "\n";

    /// <summary>Reads the authority from its folder, or makes it.</summary>
    /// <exception cref="EmbeddedException">It is there but cannot be read.</exception>
    public static CertificateAuthority Open(string folder, TimeProvider time)
    {
        try
        {
            var found = Read(folder, "ca");
            return new(folder, time, found ?? Make(folder, time));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedException(EmbeddedError.Certificates, $"cannot read or make the embedded runtime's certificates in {folder}: {e.Message}",
                "Check that you may read and write this folder. Deleting it makes new certificates at the next start; kubeconfigs that were copied elsewhere then no longer work.", e);
        }
    }

    /// <summary>The server's certificate for these names and addresses, made anew where it is missing, near its end, or for others.</summary>
    public X509Certificate2 Server(IReadOnlyList<string> names, IReadOnlyList<IPAddress> addresses)
    {
        var san = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            san.AddDnsName(name);
        }

        foreach (var address in addresses)
        {
            san.AddIpAddress(address);
        }

        var extension = san.Build();
        return Leaf("server", new X500DistinguishedName("CN=harmony-embedded"), serverAuth: true, extension);
    }

    /// <summary>The administrator's client certificate.</summary>
    public X509Certificate2 Administrator()
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("system:masters");
        name.AddCommonName("kubernetes-admin");
        return Leaf("admin", name.Build(), serverAuth: false, san: null);
    }

    /// <summary>Whether this client certificate was signed here. Its dates are not looked at: clocks jump, and the key is what counts.</summary>
    public bool Signed(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return chain.Build(certificate);
    }

    public void Dispose() => authority.Dispose();

    private X509Certificate2 Leaf(string file, X500DistinguishedName subject, bool serverAuth, X509Extension? san)
    {
        if (Read(folder, file) is { } found)
        {
            var now = time.GetUtcNow();
            var fits = found.SubjectName.RawData.AsSpan().SequenceEqual(subject.RawData) && Utc(found.NotBefore) <= now && now < Utc(found.NotAfter) - RenewBefore && Signed(found)
                && (san is null || found.Extensions.Any(e => e.Oid?.Value == san.Oid?.Value && e.RawData.AsSpan().SequenceEqual(san.RawData)));
            if (fits)
            {
                return found;
            }

            found.Dispose();
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(serverAuth ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (san is not null)
        {
            request.CertificateExtensions.Add(san);
        }

        var begin = time.GetUtcNow() - Backdate;
        var end = begin + LeafLifetime;
        using var issued = request.Create(authority, Earliest(begin), end < Utc(authority.NotAfter) ? end : Utc(authority.NotAfter), RandomNumberGenerator.GetBytes(16));
        using var withKey = issued.CopyWithPrivateKey(key);
        Write(folder, file, withKey, key);
        return Read(folder, file)!;
    }

    /// <summary>A leaf may not begin before the authority does.</summary>
    private DateTimeOffset Earliest(DateTimeOffset begin) => begin < Utc(authority.NotBefore) ? Utc(authority.NotBefore) : begin;

    private static DateTimeOffset Utc(DateTime local) => new(local.ToUniversalTime());

    private static X509Certificate2 Make(string folder, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=harmony-embedded-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var begin = time.GetUtcNow() - Backdate;
        using var made = request.CreateSelfSigned(begin, begin + CaLifetime);
        Write(folder, "ca", made, key);
        return Read(folder, "ca")!;
    }

    private static void Write(string folder, string file, X509Certificate2 certificate, ECDsa key) =>
        Disk.WriteAtomically(Path.Combine(folder, file + ".pem"), certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");

    private static X509Certificate2? Read(string folder, string file) =>
        Disk.ReadTextIfPresent(Path.Combine(folder, file + ".pem")) is { } pem ? X509Certificate2.CreateFromPem(pem, pem) : null;
}
