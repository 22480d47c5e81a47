using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Catalog;
using Harmony.Embedded.Api.Registry;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Http;

internal sealed partial class ApiHandler
{
    private const long DefaultTokenSeconds = 3600;
    private const long ShortestTokenSeconds = 600;
    private const long LongestTokenSeconds = 1L << 32;

    private Task ServeSubresourceAsync(Exchange exchange, ServedResource resource, ResourcePath path, string subresource) => (subresource, exchange.Method) switch
    {
        ("log" or "exec" or "attach" or "portforward", _) when resource.Resource.Name == "pods" => StreamAsync(exchange, resource, path, subresource),
        ("proxy", _) => throw ApiErrors.Unavailable("the embedded runtime does not proxy; use kubectl port-forward"),
        ("binding", "POST") => BindAsync(exchange, resource, path),
        ("eviction", "POST") => EvictAsync(exchange, resource, path),
        ("token", "POST") => IssueTokenAsync(exchange, resource, path),
        ("scale", "GET" or "HEAD") => exchange.WriteAsync(200, Scale.Of(resource.ToTree(registry.Get(resource, path.Namespace, path.Name!)), resource)),
        ("finalize", "PUT") => UpdateAsync(exchange, resource, path, subresource),
        ("status" or "resize" or "ephemeralcontainers" or "approval", "GET" or "HEAD") => GetAsync(exchange, resource, path),
        ("status" or "scale" or "resize" or "ephemeralcontainers" or "approval", "PUT") => UpdateAsync(exchange, resource, path, subresource),
        ("status" or "scale" or "resize" or "ephemeralcontainers" or "approval", "PATCH") => PatchAsync(exchange, resource, path, subresource),
        _ => throw ApiErrors.MethodNotAllowed(),
    };

    private Task StreamAsync(Exchange exchange, ServedResource resource, ResourcePath path, string subresource)
    {
        var pod = registry.Get(resource, path.Namespace, path.Name!);
        if (PodStreams is null)
        {
            throw new ApiException(500, "", "no preferred addresses found; known addresses: []");
        }

        return PodStreams(exchange.Http, pod.Key.Namespace, pod.Key.Name, subresource);
    }

    private async Task BindAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var context = NewContext(exchange);
        var binding = await ReadAsync(exchange, "Binding", context);
        await registry.BindAsync(resource, path.Namespace, path.Name!, binding.At("target", "name").AsText() ?? "", binding, context, exchange.Cancellation);
        await WriteSuccessAsync(exchange);
    }

    private async Task EvictAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var eviction = await ReadAsync(exchange, "Eviction", NewContext(exchange));
        var asked = eviction["deleteOptions"] as JsonObject ?? [];
        var options = new DeleteOptions
        {
            GracePeriodSeconds = asked["gracePeriodSeconds"].AsLong(),
            Uid = asked.At("preconditions", "uid").AsText(),
            ResourceVersion = asked.At("preconditions", "resourceVersion").AsText(),
        };
        var context = NewContext(exchange, asked["dryRun"].Items().Any(d => d.AsText() == "All"));
        await registry.EvictAsync(resource, path.Namespace!, path.Name!, options, context, exchange.Cancellation);
        await WriteSuccessAsync(exchange);
    }

    private async Task IssueTokenAsync(Exchange exchange, ServedResource resource, ResourcePath path)
    {
        var account = registry.Get(resource, path.Namespace, path.Name!);
        var context = NewContext(exchange);
        var request = await ReadAsync(exchange, "TokenRequest", context);
        var spec = request.Child("spec");
        var seconds = spec["expirationSeconds"].AsLong() ?? DefaultTokenSeconds;
        if (seconds is < ShortestTokenSeconds or > LongestTokenSeconds)
        {
            var why = seconds < ShortestTokenSeconds ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds";
            throw ApiErrors.Invalid(new("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", Namespaced: true), "", "spec.expirationSeconds", "FieldValueInvalid", $"Invalid value: {seconds}: {why}");
        }

        (string, string)? bound = null;
        if (spec["boundObjectRef"] is JsonObject reference)
        {
            var name = reference.Text("name") ?? "";
            if (reference.Text("kind") != "Pod")
            {
                throw ApiErrors.BadRequest($"cannot bind token to object of type {reference.Text("apiVersion")}, Kind={reference.Text("kind")}");
            }

            var pod = registry.Cluster.Find(BuiltInResources.Pods, path.Namespace, name) ?? throw ApiErrors.NotFound(BuiltInResources.Pods, name);
            if (reference.Text("uid") is { Length: > 0 } uid && uid != pod.Uid)
            {
                throw ApiErrors.Conflict(BuiltInResources.Pods, name, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
            }

            bound = (name, pod.Uid);
        }

        var audiences = spec["audiences"].Items().Select(a => a.AsText() ?? "").Where(a => a.Length > 0).ToArray();
        var now = registry.Cluster.Time.GetUtcNow();
        spec["audiences"] = new JsonArray([.. (audiences.Length == 0 ? [Authentication.TokenIssuer.Issuer] : audiences).Select(a => (JsonNode)a)]);
        spec["expirationSeconds"] = seconds;
        var metadata = new JsonObject { ["name"] = account.Key.Name, ["namespace"] = account.Key.Namespace, ["uid"] = account.Uid, ["creationTimestamp"] = Timestamps.Format(now) };
        request["metadata"] = metadata;
        request.Remove("status");
        var schema = resource.TypeOf("token").Schema;
        if (spec["boundObjectRef"] is null)
        {
            spec.Remove("boundObjectRef");
        }

        Patches.ManagedFields.RecordUpdate(null, request, new(context.Manager, "authentication.k8s.io/v1", "token", now, HasStatus: true), schema);
        request["status"] = new JsonObject
        {
            ["token"] = tokens.Issue(account.Key.Namespace, account.Key.Name, account.Uid, audiences, TimeSpan.FromSeconds(seconds), bound),
            ["expirationTimestamp"] = Timestamps.Format(now.AddSeconds(seconds)),
        };
        spec["boundObjectRef"] ??= null;
        await exchange.WriteAsync(201, request);
    }

    private static Task WriteSuccessAsync(Exchange exchange) =>
        exchange.WriteAsync(201, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 });
}
