using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Http;

namespace Harmony.Embedded.Api.Discovery;

/// <summary>OpenAPI v3: an index of the served versions, and a document for each.</summary>
internal sealed class OpenApiDocuments(ResourceCatalog catalog)
{
    public Task AnswerAsync(Exchange exchange, string[] segments)
    {
        if (exchange.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        return segments is ["openapi", "v3"] ? exchange.WriteAsync(200, Index()) : exchange.WriteTextAsync(404, "404 page not found\n");
    }

    private JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var resource in catalog.All)
        {
            var key = resource.Resource.Group.Length == 0 ? $"api/{resource.Resource.Version}" : $"apis/{resource.Resource.ApiVersion}";
            paths[key] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{key}?hash={catalog.Generation}" };
        }

        return new() { ["paths"] = paths };
    }
}
