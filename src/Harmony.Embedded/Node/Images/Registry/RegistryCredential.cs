using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>Who pulls. Never printed: <see cref="ToString"/> says nothing of the secrets.</summary>
internal sealed record RegistryCredential(string User, string Password, string? IdentityToken = null)
{
    public override string ToString() => $"credential of {User}";

    /// <summary>Reads <c>username</c>, <c>password</c>, <c>auth</c>, <c>identitytoken</c> or <c>identity_token</c>; null where there is nothing.</summary>
    public static RegistryCredential? Read(JsonObject json)
    {
        var (user, password) = (Text(json["username"]), Text(json["password"]));
        if (user.Length == 0 && Text(json["auth"]) is { Length: > 0 } both)
        {
            try
            {
                var decoded = Encoding.UTF8.GetString(Convert.FromBase64String(both));
                var colon = decoded.IndexOf(':', StringComparison.Ordinal);
                (user, password) = colon < 0 ? (decoded, "") : (decoded[..colon], decoded[(colon + 1)..].TrimEnd('\0'));
            }
            catch (FormatException)
            {
                return null;
            }
        }

        var token = Text(json["identitytoken"]) is { Length: > 0 } docker ? docker : Text(json["identity_token"]);
        return user.Length > 0 || token.Length > 0 ? new(user, password, token.Length > 0 ? token : null) : null;
    }

    /// <summary>
    /// Those of the pull secrets (<c>.dockerconfigjson</c>) that are for an image, the most specific first. As in the kubelet, a key may name a
    /// path below the registry, have a scheme, and <c>*</c> in parts of the host.
    /// </summary>
    public static IReadOnlyList<RegistryCredential> Matching(IReadOnlyList<JsonObject> pullSecrets, ImageReference image) =>
    [
        .. pullSecrets
            .SelectMany(s => (s["auths"] as JsonObject ?? s).Where(a => a.Value is JsonObject))
            .Where(a => Matches(a.Key, image))
            .OrderByDescending(a => Bare(a.Key).Length)
            .Select(a => Read(a.Value!.AsObject()))
            .OfType<RegistryCredential>()
            .Distinct(),
    ];

    private static bool Matches(string key, ImageReference image)
    {
        var bare = Bare(key);
        var slash = bare.IndexOf('/', StringComparison.Ordinal);
        var (host, path) = slash < 0 ? (bare, "") : (bare[..slash], bare[slash..]);
        if (host is "index.docker.io" or "registry-1.docker.io" or "registry.hub.docker.com")
        {
            host = "docker.io";
        }

        // Docker writes https://index.docker.io/v1/: that path is of its old API, not of a repository.
        path = path is "/v1" or "/v2" ? "" : path;
        return GlobMatches(host, image.Registry) && (path.Length == 0 || ("/" + image.Repository + "/").StartsWith(path + "/", StringComparison.Ordinal));
    }

    private static string Bare(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        return (scheme < 0 ? key : key[(scheme + 3)..]).TrimEnd('/');
    }

    private static bool GlobMatches(string glob, string host) =>
        !glob.Contains('*', StringComparison.Ordinal)
            ? glob == host
            : Regex.IsMatch(host, "^" + Regex.Escape(glob).Replace("\\*", "[^.]*", StringComparison.Ordinal) + @"\z", RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));

    private static string Text(JsonNode? node) => node is JsonValue value ? value.ToString() : "";
}
