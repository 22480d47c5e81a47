using Harmony.Embedded.Api.Authentication;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Discovery;
using Harmony.Embedded.Api.Registry;
using Harmony.Embedded.Node.Images;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Api.Http;

/// <summary>Answers every request: finds out who asks for what, and turns refusals into metav1.Status.</summary>
internal sealed partial class ApiHandler(
    ObjectRegistry registry, ResourceCatalog catalog, Authenticator authenticator, TokenIssuer tokens, ServerHealth health, ILogger log)
{
    private static readonly string[] PatchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];
    private readonly DiscoveryDocuments discovery = new(catalog);

    /// <summary>Serves log, exec, attach and port-forward of pods; null until the node is there.</summary>
    public Func<HttpContext, string, string, string, Task>? PodStreams { get; set; }

    /// <summary>Where images are imported to; null until the node is there.</summary>
    public IImageStore? Images { get; set; }

    public async Task HandleAsync(HttpContext http)
    {
        Exchange? exchange = null;
        try
        {
            exchange = new Exchange(http, authenticator.Authenticate(http));
            http.Response.Headers["Audit-Id"] = http.TraceIdentifier;
            http.Response.Headers.CacheControl = "no-cache, private";
            await RouteAsync(exchange);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            if (http.RequestAborted.IsCancellationRequested)
            {
                return;
            }

            var error = e switch
            {
                ApiException refused => refused,
                BadHttpRequestException bad => new ApiException(bad.StatusCode, "BadRequest", bad.Message),
                EmbeddedException embedded => ApiErrors.Internal(embedded.Message),
                _ => ApiErrors.Internal("the embedded runtime failed to handle this request; its log has the details"),
            };
            if (e is not (ApiException or BadHttpRequestException))
            {
                log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            }

            if (http.Response.HasStarted)
            {
                http.Abort();
                return;
            }

            if (error.Code is 429 or 503)
            {
                http.Response.Headers.RetryAfter = "1";
            }

            await (exchange ?? new Exchange(http, User.Anonymous)).WriteAsync(error.Code, ApiErrors.ToStatus(error));
        }
    }

    private Task RouteAsync(Exchange exchange)
    {
        var path = exchange.Http.Request.Path.Value ?? "/";
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments is ["livez" or "readyz" or "healthz", ..])
        {
            return health.AnswerAsync(exchange, segments);
        }

        if (segments is ["version"])
        {
            return exchange.Method is "GET" or "HEAD" ? exchange.WriteAsync(200, DiscoveryDocuments.Version()) : throw ApiErrors.MethodNotAllowed();
        }

        if (exchange.User.IsAnonymous)
        {
            throw ApiErrors.Unauthorized();
        }

        return segments switch
        {
            ["api"] or ["apis"] or ["api", _] or ["apis", _] or ["apis", _, _] => DiscoverAsync(exchange, segments),
            ["api" or "apis", ..] when ResourcePath.Parse(segments) is { } resource => ServeAsync(exchange, resource),
            ["openapi", ..] => discovery.OpenApi.AnswerAsync(exchange, segments),
            ["openid", "v1", "jwks"] => exchange.WriteAsync(200, tokens.KeySet(), "application/jwk-set+json"),
            [".well-known", "openid-configuration"] => exchange.WriteAsync(200, DiscoveryDocuments.OpenIdConfiguration()),
            ["harmony.dev", "v1", "images"] => ImportImagesAsync(exchange),
            [] => exchange.WriteAsync(200, discovery.Paths()),
            _ => exchange.WriteTextAsync(404, "404 page not found\n"),
        };
    }

    private Task DiscoverAsync(Exchange exchange, string[] segments)
    {
        if (exchange.Method is not ("GET" or "HEAD"))
        {
            throw ApiErrors.MethodNotAllowed();
        }

        if (segments.Length == 1 && exchange.Accepted(discovery: true) == RepresentationKind.AggregatedDiscovery)
        {
            return exchange.WriteAsync(200, discovery.Aggregated(segments[0] == "api"), DiscoveryDocuments.AggregatedType);
        }

        var document = segments switch
        {
            ["api"] => discovery.CoreVersions(exchange.Http.Request.Host.Value ?? ""),
            ["apis"] => discovery.Groups(),
            ["apis", var group] => discovery.Group(group),
            ["api", var version] => discovery.Resources("", version),
            [_, var group, var version] => discovery.Resources(group, version),
            _ => null,
        };
        return document is null ? exchange.WriteTextAsync(404, "404 page not found\n") : exchange.WriteAsync(200, document);
    }

    private Task ServeAsync(Exchange exchange, ResourcePath path)
    {
        if (!catalog.Serves(path.Group, path.Version))
        {
            return exchange.WriteTextAsync(404, "404 page not found\n");
        }

        var resource = catalog.Find(path.Group, path.Version, path.Plural) ?? throw ApiErrors.NoSuchResource();
        if (path.Namespace is not null && !resource.Resource.Namespaced)
        {
            throw ApiErrors.NoSuchResource();
        }

        if (resource.Custom?.Deprecation is { } deprecation)
        {
            exchange.Warn([deprecation]);
        }
        else if (resource.Resource.Name == "endpoints")
        {
            exchange.Warn(["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]);
        }

        if (path.Subresource is { } subresource)
        {
            return resource.Resource.Subresources.Contains(subresource) ? ServeSubresourceAsync(exchange, resource, path, subresource) : throw ApiErrors.NoSuchResource();
        }

        if (resource.Resource.Verbs is ["create"])
        {
            return exchange.Method == "POST" && path.Name is null ? ServeReviewAsync(exchange, resource, path) : throw ApiErrors.MethodNotAllowed();
        }

        return (exchange.Method, path.Name) switch
        {
            ("GET" or "HEAD", null) => exchange.Flag("watch") ? WatchAsync(exchange, resource, path) : ListAsync(exchange, resource, path),
            ("GET" or "HEAD", _) => exchange.Flag("watch") ? WatchAsync(exchange, resource, path) : GetAsync(exchange, resource, path),
            ("POST", null) when Allows(resource, "create") => CreateAsync(exchange, resource, path),
            ("DELETE", null) when Allows(resource, "deletecollection") => DeleteCollectionAsync(exchange, resource, path),
            ("PUT", not null) when Allows(resource, "update") => UpdateAsync(exchange, resource, path, null),
            ("PATCH", not null) when Allows(resource, "patch") => PatchAsync(exchange, resource, path, null),
            ("DELETE", not null) when Allows(resource, "delete") => DeleteAsync(exchange, resource, path),
            _ => throw ApiErrors.MethodNotAllowed(),
        };
    }

    private static bool Allows(ServedResource resource, string verb) => resource.Resource.Verbs.Contains(verb);

    private async Task ImportImagesAsync(Exchange exchange)
    {
        if (!exchange.User.IsAdministrator)
        {
            throw new ApiException(403, "Forbidden", "images can be imported only with the administrator's certificate");
        }

        if (exchange.Method != "POST")
        {
            throw ApiErrors.MethodNotAllowed();
        }

        var store = Images ?? throw ApiErrors.Unavailable("images cannot be imported: the node is not there yet");
        try
        {
            var names = await store.ImportAsync(exchange.Http.Request.Body, exchange.Cancellation);
            await exchange.WriteAsync(200, new System.Text.Json.Nodes.JsonObject { ["images"] = new System.Text.Json.Nodes.JsonArray([.. names.Select(n => (System.Text.Json.Nodes.JsonNode)n)]) });
        }
        catch (ImageException e)
        {
            throw ApiErrors.BadRequest(e.Message);
        }
    }
}
