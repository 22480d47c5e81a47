using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Strategies;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Api.Authentication;

/// <summary>Issues and checks the tokens of service accounts: JSON Web Tokens, signed with ES256 by the cluster's own key.</summary>
public sealed class TokenIssuer : IDisposable
{
    /// <summary>Who issues tokens, and the audience of those that are for the API itself.</summary>
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private const string SubjectPrefix = "system:serviceaccount:";
    private readonly ECDsa key;
    private readonly string keyId;
    private readonly TimeProvider time;

    private TokenIssuer(ECDsa key, TimeProvider time)
    {
        this.key = key;
        this.time = time;
        keyId = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
    }

    /// <summary>Reads the signing key from its folder, or makes it.</summary>
    /// <exception cref="EmbeddedException">It is there but cannot be read.</exception>
    public static TokenIssuer Open(string folder, TimeProvider time)
    {
        var path = Path.Combine(folder, "service-accounts.pem");
        var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            if (Disk.ReadTextIfPresent(path) is { } pem)
            {
                ecdsa.ImportFromPem(pem);
            }
            else
            {
                Disk.WriteAtomically(path, ecdsa.ExportPkcs8PrivateKeyPem() + "\n");
            }

            return new(ecdsa, time);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            ecdsa.Dispose();
            throw new EmbeddedException(EmbeddedError.Certificates, $"cannot read or make the embedded runtime's signing key {path}: {e.Message}", "Delete the file: a new key is made at the next start.", e);
        }
    }

    /// <summary>A token for a service account, to the given audiences (the API itself where there are none).</summary>
    /// <param name="bound">The pod that the token is for; null for none.</param>
    public string Issue(string ns, string account, string accountUid, IReadOnlyList<string> audiences, TimeSpan lifetime, (string Name, string Uid)? bound = null)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var about = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = account, ["uid"] = accountUid },
        };
        if (bound is { } pod)
        {
            about["pod"] = new JsonObject { ["name"] = pod.Name, ["uid"] = pod.Uid };
        }

        var payload = new JsonObject
        {
            ["aud"] = new JsonArray([.. (audiences.Count == 0 ? [Issuer] : audiences).Select(a => (JsonNode)a)]),
            ["exp"] = now + (long)lifetime.TotalSeconds,
            ["iat"] = now,
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = about,
            ["nbf"] = now,
            ["sub"] = $"{SubjectPrefix}{ns}:{account}",
        };
        var head = new JsonObject { ["alg"] = "ES256", ["kid"] = keyId };
        var text = $"{Encode(head)}.{Encode(payload)}";
        return $"{text}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    /// <summary>Who the token is for; null where it is not ours, has ended, is not for this audience, or its account or pod is gone.</summary>
    public User? Check(string token, ClusterState cluster, string audience = Issuer)
    {
        var parts = token.Split('.');
        if (parts.Length != 3)
        {
            return null;
        }

        try
        {
            var signature = Base64Url.DecodeFromChars(parts[2]);
            if (!key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256)
                || JsonNode.Parse(Base64Url.DecodeFromChars(parts[1])) is not JsonObject payload)
            {
                return null;
            }

            // The beginning is not looked at: a clock that was set back must not lock pods out.
            if (payload["exp"].AsLong() is not { } end || end <= time.GetUtcNow().ToUnixTimeSeconds() || !payload["aud"].Items().Any(a => a.AsText() == audience))
            {
                return null;
            }

            var about = payload["kubernetes.io"];
            var ns = about.At("namespace").AsText() ?? "";
            var account = about.At("serviceaccount", "name").AsText() ?? "";
            if (cluster.Find(BuiltInResources.ServiceAccounts, ns, account)?.Uid != about.At("serviceaccount", "uid").AsText())
            {
                return null;
            }

            if (about.At("pod", "name").AsText() is { } pod && cluster.Find(BuiltInResources.Pods, ns, pod)?.Uid != about.At("pod", "uid").AsText())
            {
                return null;
            }

            return new($"{SubjectPrefix}{ns}:{account}", about.At("serviceaccount", "uid").AsText(),
                ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The public key as a JSON Web Key Set, for <c>/openid/v1/jwks</c>.</summary>
    public JsonObject KeySet()
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new()
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["use"] = "sig",
                ["kty"] = "EC",
                ["kid"] = keyId,
                ["crv"] = "P-256",
                ["alg"] = "ES256",
                ["x"] = Base64Url.EncodeToString(point.X),
                ["y"] = Base64Url.EncodeToString(point.Y),
            }),
        };
    }

    public void Dispose() => key.Dispose();

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
