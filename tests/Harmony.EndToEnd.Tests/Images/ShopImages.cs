using System.Text.Json.Nodes;
using Harmony.Testing.Images;

namespace Harmony.EndToEnd.Tests.Images;

/// <summary>The images of <c>examples/shop</c> under their names of real life, and the way to them past the internet.</summary>
internal static class ShopImages
{
    /// <summary>The repositories and tags that the shop's manifests name, all of <c>docker.io/library</c>.</summary>
    public static IReadOnlyDictionary<string, Func<CancellationToken, Task<BuiltImage>>> All { get; } = new Dictionary<string, Func<CancellationToken, Task<BuiltImage>>>(StringComparer.Ordinal)
    {
        ["redis:7"] = DebianImage.RedisAsync,
        ["python:3.11-slim"] = DebianImage.PythonAsync,
        ["nginx:1"] = DebianImage.NginxAsync,
        ["busybox:1"] = DebianImage.BusyboxAsync,
    };

    /// <summary>Serves them from a registry on loopback.</summary>
    public static async Task AddToAsync(RegistryServer registry, CancellationToken cancellation)
    {
        foreach (var (name, build) in All)
        {
            var parts = name.Split(':');
            registry.Add($"library/{parts[0]}", parts[1], await build(cancellation));
        }
    }

    /// <summary><c>registries.yaml</c> (JSON is YAML) that sends what is asked of Docker Hub to this registry.</summary>
    public static string Registries(RegistryServer registry) => new JsonObject
    {
        ["mirrors"] = new JsonObject { ["docker.io"] = new JsonObject { ["endpoint"] = new JsonArray($"http://{registry.Host}") } },
    }.ToJsonString();
}
