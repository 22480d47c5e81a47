using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Http;
using Harmony.Embedded.Api.OpenApi;

namespace Harmony.Embedded.Api.Discovery;

/// <summary>OpenAPI v3: an index of the served versions, and a document for each, made when it is first asked for and kept until kinds change.</summary>
internal sealed class OpenApiDocuments(ResourceCatalog catalog)
{
    private readonly ConcurrentDictionary<(string Path, int Generation), byte[]> kept = new();

    public Task AnswerAsync(Exchange exchange, string[] segments)
    {
        if (exchange.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        return segments switch
        {
            ["openapi", "v3"] => SendIndexAsync(exchange),
            ["openapi", "v3", "api", var version] when catalog.Serves("", version) => SendAsync(exchange, "", version),
            ["openapi", "v3", "apis", var group, var version] when catalog.Serves(group, version) => SendAsync(exchange, group, version),
            _ => exchange.WriteTextAsync(404, "404 page not found\n"),
        };
    }

    // kube-apiserver calls its index plain text; clients do not look.
    private Task SendIndexAsync(Exchange exchange) => exchange.WriteAsync(200, Index(), "text/plain; charset=utf-8");

    private Task SendAsync(Exchange exchange, string group, string version)
    {
        var generation = catalog.Generation;
        var document = kept.GetOrAdd((OpenApiDocument.Path(group, version), generation), _ =>
        {
            foreach (var old in kept.Keys.Where(k => k.Generation != generation))
            {
                kept.TryRemove(old, out byte[]? _);
            }

            var served = catalog.All.Where(r => r.Resource.Group == group && r.Resource.Version == version).ToDictionary(r => r.Resource);
            return OpenApiDocument.Build(group, version, [.. served.Keys], resource => served.GetValueOrDefault(resource)?.Custom?.OpenApiText is { } text ? JsonNode.Parse(text)!.AsObject() : null);
        });
        exchange.Http.Response.Headers.ETag = $"\"{Hash(group, version)}\"";
        return exchange.SendAsync(200, document, "application/json");
    }

    private JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var (group, version) in catalog.All.Select(r => (r.Resource.Group, r.Resource.Version)).Distinct())
        {
            var path = OpenApiDocument.Path(group, version);
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Hash(group, version)}" };
        }

        return new() { ["paths"] = paths };
    }

    /// <summary>Differs whenever the document may: clients keep documents by it.</summary>
    private string Hash(string group, string version)
    {
        var text = new StringBuilder($"{DiscoveryDocuments.KubernetesVersion} {typeof(OpenApiDocuments).Assembly.GetName().Version} {group}/{version}");
        foreach (var resource in catalog.All.Where(r => r.Resource.Group == group && r.Resource.Version == version))
        {
            text.Append(' ').Append(resource.Resource.Plural).Append(' ').Append(resource.Custom?.OpenApiText);
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
