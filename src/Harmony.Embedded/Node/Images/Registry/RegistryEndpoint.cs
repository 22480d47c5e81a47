using System.Net;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>One place to ask for a repository.</summary>
/// <param name="Url">Scheme, host and port, and the path before <c>/v2</c> or including it, if any.</param>
/// <param name="Repository">The repository's name there, after rewriting.</param>
internal sealed record RegistryEndpoint(Uri Url, string Repository)
{
    public RegistryTls Tls { get; init; } = new();

    /// <summary>From registries.yaml.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>The registry that it stands in for; null where it is the registry itself.</summary>
    public string? MirrorOf { get; init; }

    /// <summary>Asked only where the one before does not speak its protocol.</summary>
    public bool IsFallback { get; init; }

    /// <summary><c>https://host/v2/repository/manifests/1.0</c>.</summary>
    public Uri Of(string kind, string name)
    {
        var path = Url.AbsolutePath.TrimEnd('/');
        path = path.EndsWith("/v2", StringComparison.Ordinal) || path.Contains("/v2/", StringComparison.Ordinal) ? path : path + "/v2";
        return new UriBuilder(Url) { Path = $"{path}/{Repository}/{kind}/{name}", Query = MirrorOf is null ? "" : $"ns={Uri.EscapeDataString(MirrorOf)}" }.Uri;
    }

    public static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
