using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Harmony.Kubernetes.Objects;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Images.Registry;

/// <summary>
/// The user's <c>registries.yaml</c>, in k3s' format: mirrors with rewrites, credentials, certificates.
/// Source: https://docs.k3s.io/installation/private-registry
/// </summary>
internal sealed record Registries
{
    private const string Any = "*";
    private static readonly TimeSpan LongestRewrite = TimeSpan.FromSeconds(1);

    public static Registries None { get; } = new();

    public IReadOnlyDictionary<string, Mirror> Mirrors { get; init; } = new Dictionary<string, Mirror>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, RegistryConfig> Configs { get; init; } = new Dictionary<string, RegistryConfig>(StringComparer.Ordinal);

    /// <summary>Reads the file, or nothing where there is none.</summary>
    /// <exception cref="ImageException">It is malformed; the message names file and line.</exception>
    public static Registries Load(string path)
    {
        if (Disk.ReadTextIfPresent(path) is not { } text)
        {
            return None;
        }

        try
        {
            return Parse(text);
        }
        catch (Exception e) when (e is YamlException or FormatException)
        {
            var place = e is YamlException yaml ? $"{path}:{yaml.Line}" : path;
            throw new ImageException(ImageError.ErrImagePull, $"{place}: {e.Message}", "The format is k3s': https://docs.k3s.io/installation/private-registry", e);
        }
    }

    /// <exception cref="FormatException">A value is of a wrong kind.</exception>
    public static Registries Parse(string yaml)
    {
        var root = YamlReader.ReadAll(yaml, YamlLimits.Default).Select(d => d.Root).FirstOrDefault(r => r is not null);
        if (root is null)
        {
            return None;
        }

        var document = root as JsonObject ?? throw new FormatException("it is no map of mirrors and configs");
        return new()
        {
            Mirrors = Map(document, "mirrors", ReadMirror),
            Configs = Map(document, "configs", ReadConfig),
        };
    }

    /// <summary>Where to ask for a repository of a registry: its mirrors in their order, then the registry itself.</summary>
    public IReadOnlyList<RegistryEndpoint> EndpointsOf(string registry, string repository)
    {
        var endpoints = new List<RegistryEndpoint>();
        if ((Mirrors.GetValueOrDefault(registry) ?? Mirrors.GetValueOrDefault(Any)) is { } mirror)
        {
            var rewritten = Rewrite(repository, mirror);
            endpoints.AddRange(mirror.Endpoints.Select(e => Endpoint(Absolute(e), rewritten, registry)));
        }

        var host = registry == "docker.io" ? "registry-1.docker.io" : registry;
        var secure = Endpoint(new Uri($"https://{host}"), repository, null);
        if (!RegistryEndpoint.IsLoopback(secure.Url.Host) || secure.Tls != new RegistryTls())
        {
            endpoints.Add(secure);
        }
        else
        {
            // As containerd has it: a registry on this machine needs no TLS, and where it has it, nobody can stand in between.
            endpoints.Add(Endpoint(new Uri($"http://{host}"), repository, null));
            endpoints.Add(secure with { Tls = new() { SkipVerify = true }, IsFallback = true });
        }

        return [.. endpoints.DistinctBy(e => (e.Url, e.Repository))];
    }

    private RegistryEndpoint Endpoint(Uri url, string repository, string? mirrorOf)
    {
        var key = url.IsDefaultPort ? url.Host : url.Authority;
        var config = Configs.GetValueOrDefault(key) ?? Configs.GetValueOrDefault(url.Authority)
            ?? (key == "registry-1.docker.io" ? Configs.GetValueOrDefault("docker.io") : null)
            ?? Configs.GetValueOrDefault(Any);
        return new(url, repository) { Tls = config?.Tls ?? new(), Credential = config?.Credential, MirrorOf = mirrorOf };
    }

    private static string Rewrite(string repository, Mirror mirror)
    {
        foreach (var (pattern, replacement) in mirror.Rewrites)
        {
            var expression = new Regex(pattern, RegexOptions.None, LongestRewrite);
            if (expression.IsMatch(repository))
            {
                return expression.Replace(repository, replacement);
            }
        }

        return repository;
    }

    private static Uri Absolute(string endpoint) =>
        Uri.TryCreate(endpoint.Contains("://", StringComparison.Ordinal) ? endpoint : "https://" + endpoint, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new ImageException(ImageError.ErrImagePull, $"registries.yaml: the mirror endpoint \"{endpoint}\" is no http or https address");

    private static Mirror ReadMirror(JsonObject json) => new(
        json["endpoint"] switch
        {
            null => [],
            JsonArray list => [.. list.Select(e => e?.ToString() ?? "")],
            var one => [one.ToString()],
        },
        json["rewrite"] is JsonObject rewrites ? [.. rewrites.Select(r => (Checked(r.Key), r.Value?.ToString() ?? ""))] : []);

    private static string Checked(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.None, LongestRewrite);
            return pattern;
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"the rewrite \"{pattern}\" is no regular expression: {e.Message}", e);
        }
    }

    private static RegistryConfig ReadConfig(JsonObject json)
    {
        var tls = json["tls"] as JsonObject;
        return new(
            json["auth"] is JsonObject auth ? RegistryCredential.Read(auth) : null,
            new()
            {
                CertificateAuthority = PathOf(tls?["ca_file"]),
                Certificate = PathOf(tls?["cert_file"]),
                Key = PathOf(tls?["key_file"]),
                SkipVerify = tls?["insecure_skip_verify"]?.ToString() is "true",
            });
    }

    private static string? PathOf(JsonNode? node) => node?.ToString() is { Length: > 0 } path ? path : null;

    private static Dictionary<string, T> Map<T>(JsonObject document, string name, Func<JsonObject, T> read) =>
        document[name] switch
        {
            null => new(StringComparer.Ordinal),
            JsonObject map => map.ToDictionary(
                e => e.Key,
                e => read(e.Value switch { null => [], JsonObject value => value, _ => throw new FormatException($"{name}.{e.Key} is no map") }),
                StringComparer.Ordinal),
            _ => throw new FormatException($"{name} is no map"),
        };
}

/// <summary>Other places that hold a registry's images.</summary>
/// <param name="Rewrites">Regular expressions over the repository and what to put instead.</param>
internal sealed record Mirror(IReadOnlyList<string> Endpoints, IReadOnlyList<(string Pattern, string Replacement)> Rewrites);

internal sealed record RegistryConfig(RegistryCredential? Credential, RegistryTls Tls);

/// <summary>How the registry's certificate is judged; the paths are of PEM files.</summary>
internal sealed record RegistryTls
{
    public string? CertificateAuthority { get; init; }

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public bool SkipVerify { get; init; }
}
