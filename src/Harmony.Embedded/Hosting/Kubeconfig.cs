using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Authentication;
using Harmony.Embedded.Api.Discovery;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Hosting;

/// <summary>The files that tell others where the API is: the administrator's kubeconfig (as JSON, which is YAML too), and the endpoint.</summary>
internal static class Kubeconfig
{
    private const string Name = "harmony";

    public static void Write(EmbeddedOptions options, CertificateAuthority authority, int port)
    {
        using var administrator = authority.Administrator();
        using var key = administrator.GetECDsaPrivateKey()!;
        var kubeconfig = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Config",
            ["current-context"] = Name,
            ["clusters"] = new JsonArray(new JsonObject
            {
                ["name"] = Name,
                ["cluster"] = new JsonObject { ["server"] = Url(port), ["certificate-authority-data"] = Base64(authority.CertificatePem) },
            }),
            ["users"] = new JsonArray(new JsonObject
            {
                ["name"] = Name,
                ["user"] = new JsonObject
                {
                    ["client-certificate-data"] = Base64(administrator.ExportCertificatePem() + "\n"),
                    ["client-key-data"] = Base64(key.ExportPkcs8PrivateKeyPem() + "\n"),
                },
            }),
            ["contexts"] = new JsonArray(new JsonObject { ["name"] = Name, ["context"] = new JsonObject { ["cluster"] = Name, ["user"] = Name } }),
        };
        var text = kubeconfig.ToJsonString();
        if (Disk.ReadTextIfPresent(options.KubeconfigPath) != text)
        {
            Disk.WriteAtomically(options.KubeconfigPath, text);
        }
    }

    public static void WriteEndpoint(EmbeddedOptions options, int port) =>
        Disk.WriteAtomically(options.EndpointPath, new JsonObject
        {
            ["pid"] = Environment.ProcessId,
            ["url"] = Url(port),
            ["version"] = DiscoveryDocuments.KubernetesVersion,
        }.ToJsonString());

    /// <summary>The port of the last time; 0 for none.</summary>
    public static int ReadPort(EmbeddedOptions options) =>
        int.TryParse(Disk.ReadTextIfPresent(options.PortPath), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? port : 0;

    public static void WritePort(EmbeddedOptions options, int port) => Disk.WriteAtomically(options.PortPath, port.ToString(CultureInfo.InvariantCulture));

    public static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
