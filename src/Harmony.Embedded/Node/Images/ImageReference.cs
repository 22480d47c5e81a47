using System.Text.RegularExpressions;

namespace Harmony.Embedded.Node.Images;

/// <summary>
/// An image's full name, normalised as containerd and Docker do: <c>redis</c> is <c>docker.io/library/redis:latest</c>.
/// Source: distribution/reference.
/// </summary>
/// <param name="Registry">Host and port: <c>docker.io</c>, <c>localhost:5000</c>.</param>
/// <param name="Repository"><c>library/redis</c>.</param>
/// <param name="Tag">Null where only a digest was given.</param>
/// <param name="Digest"><c>sha256:…</c>; null where only a tag was given.</param>
public sealed partial record ImageReference(string Registry, string Repository, string? Tag, string? Digest)
{
    private const string DefaultRegistry = "docker.io";
    private const int LongestName = 255;

    /// <summary>Registry and repository.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>What a registry is asked for.</summary>
    public string Object => Digest ?? Tag!;

    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Reads a reference as written in a pod.</summary>
    /// <exception cref="ImageException">It is malformed: <c>InvalidImageName</c> with the kubelet's words.</exception>
    public static ImageReference Parse(string text)
    {
        var (reference, reason) = TryParse(text);
        return reference ?? throw new ImageException(
            ImageError.InvalidImageName,
            $"Failed to apply default image tag \"{text}\": couldn't parse image name \"{text}\": {reason}",
            "An image name is lower case: registry/repository:tag.");
    }

    /// <summary>The reference, or null and the reason in the words of distribution/reference.</summary>
    public static (ImageReference? Reference, string? Reason) TryParse(string text)
    {
        if (text.Length > 4 * LongestName)
        {
            return (null, "invalid reference format");
        }

        if (Identifier().IsMatch(text))
        {
            return (null, $"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings");
        }

        var (registry, rest) = Split(text);
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var repository = colon < 0 ? rest : rest[..colon];
        if (repository.Any(char.IsUpper))
        {
            return (null, $"invalid reference format: repository name ({repository}) must be lowercase");
        }

        var match = Format().Match($"{registry}/{rest}");
        if (!match.Success)
        {
            return (null, "invalid reference format");
        }

        if (match.Groups["path"].Length + registry.Length + 1 > LongestName)
        {
            return (null, "repository name must not be more than 255 characters");
        }

        string? Group(string name) => match.Groups[name] is { Success: true, Value: var value } ? value : null;
        var digest = Group("digest");
        return (new(registry, match.Groups["path"].Value, Group("tag") ?? (digest is null ? "latest" : null), digest), null);
    }

    private static (string Registry, string Remainder) Split(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        var isHost = slash >= 0 && (first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost" || first.Any(char.IsUpper));
        var (registry, rest) = isHost ? (first, text[(slash + 1)..]) : (DefaultRegistry, text);
        registry = registry == "index.docker.io" ? DefaultRegistry : registry;
        return (registry, registry == DefaultRegistry && !rest.Contains('/', StringComparison.Ordinal) ? "library/" + rest : rest);
    }

    [GeneratedRegex("^[a-f0-9]{64}$", RegexOptions.None, 1000)]
    private static partial Regex Identifier();

    [GeneratedRegex(
        """
        ^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]|\[[a-fA-F0-9:]+\])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?
        /(?<path>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)
        (?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Format();
}
