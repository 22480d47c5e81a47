using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Harmony.Platform.Files;

namespace Harmony.Runtimes.Embedded;

/// <summary>Whom to trust and who we are, from the kubeconfig that the process wrote.</summary>
internal sealed record EmbeddedCredentials(X509Certificate2 Authority, X509Certificate2 Client) : IDisposable
{
    /// <exception cref="RuntimeException">The kubeconfig is missing or damaged.</exception>
    public static EmbeddedCredentials Read(string kubeconfig)
    {
        try
        {
            using var document = JsonDocument.Parse(Disk.ReadText(kubeconfig));
            var cluster = document.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
            var user = document.RootElement.GetProperty("users")[0].GetProperty("user");
            var authority = X509Certificate2.CreateFromPem(Pem(cluster, "certificate-authority-data"));
            return new(authority, Usable(X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data"))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException
            or IndexOutOfRangeException or FormatException or CryptographicException or ArgumentException)
        {
            throw new RuntimeException(
                RuntimeError.DidNotStart,
                $"The embedded runtime's kubeconfig '{kubeconfig}' cannot be read.",
                "Restart it, which writes it anew: harmony runtime stop, then the same command again.",
                e);
        }
    }

    public void Dispose()
    {
        Authority.Dispose();
        Client.Dispose();
    }

    private static string Pem(JsonElement parent, string name) => Encoding.ASCII.GetString(parent.GetProperty(name).GetBytesFromBase64());

    /// <summary>Windows' TLS takes no key that exists in memory only.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        }
    }
}
