using System.Text.RegularExpressions;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>What a registry wants before it answers: a <c>WWW-Authenticate</c> header field (RFC 9110, section 11.6.1).</summary>
internal sealed partial record AuthenticationChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public string? Realm => Parameters.GetValueOrDefault("realm");

    public string? Service => Parameters.GetValueOrDefault("service");

    public string? Scope => Parameters.GetValueOrDefault("scope");

    public string? Error => Parameters.GetValueOrDefault("error");

    public static AuthenticationChallenge? Find(HttpResponseMessage response, string scheme) =>
        response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var values)
            ? values.Select(Read).FirstOrDefault(c => c.Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase))
            : null;

    public static AuthenticationChallenge Read(string header)
    {
        var text = header.Trim();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (space > 0 && text.Length < 8192)
        {
            foreach (Match match in Parameter().Matches(text[space..]))
            {
                parameters[match.Groups["name"].Value] = match.Groups["quoted"].Success
                    ? match.Groups["quoted"].Value.Replace("\\\"", "\"", StringComparison.Ordinal)
                    : match.Groups["plain"].Value;
            }
        }

        return new(space < 0 ? text : text[..space], parameters);
    }

    [GeneratedRegex("""(?<name>[a-zA-Z_]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s,"]+))""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();
}
