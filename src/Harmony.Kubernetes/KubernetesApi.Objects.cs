using System.Net;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Kubernetes.Transport;

namespace Harmony.Kubernetes;

public sealed partial class KubernetesApi
{
    private const int PageSize = 500;

    public async Task<JsonObject?> GetAsync(GroupVersionKind kind, string? ns, string name, CancellationToken cancellation)
    {
        var doing = $"reading {Words(kind, ns, name)}";
        var resource = await ResourceAsync(kind, doing, cancellation);
        try
        {
            return (await connection.SendAsync(new(HttpMethod.Get, PathOf(resource, NamespaceOf(resource, ns), name), doing), cancellation)).Body;
        }
        catch (KubernetesException e) when (e.Code == KubernetesError.NotFound)
        {
            return null;
        }
    }

    public async Task<KubernetesList> ListAsync(GroupVersionKind kind, string? ns, string? labelSelector, CancellationToken cancellation)
    {
        var doing = $"listing every {kind.Kind}{(ns is null ? "" : $" of the namespace {ns}")}";
        var resource = await ResourceAsync(kind, doing, cancellation);
        var path = PathOf(resource, ns) + $"?limit={PageSize}" + (string.IsNullOrEmpty(labelSelector) ? "" : $"&labelSelector={Uri.EscapeDataString(labelSelector)}");
        var items = new List<JsonObject>();
        var next = "";
        while (true)
        {
            JsonObject page;
            try
            {
                page = (await connection.SendAsync(new(HttpMethod.Get, path + (next.Length == 0 ? "" : $"&continue={Uri.EscapeDataString(next)}"), doing), cancellation)).Body;
            }
            catch (KubernetesException e) when (e.HttpStatus == 410 && next.Length > 0)
            {
                // The list has changed too much since its first page: start over, in one piece.
                path = path.Replace($"limit={PageSize}", "limit=0", StringComparison.Ordinal);
                next = "";
                items.Clear();
                continue;
            }

            if (page["items"] is JsonArray array)
            {
                var own = array.OfType<JsonObject>().ToArray();
                array.Clear();
                foreach (var item in own)
                {
                    // Items of a list do not say what they are.
                    item["apiVersion"] = resource.Kind.ApiVersion;
                    item["kind"] = resource.Kind.Kind;
                    items.Add(item);
                }
            }

            next = page.At("metadata", "continue").AsText() ?? "";
            if (next.Length == 0)
            {
                return new(items, page.ResourceVersion);
            }
        }
    }

    public async Task<JsonObject> CreateAsync(JsonObject obj, CancellationToken cancellation)
    {
        var doing = $"creating {Words(obj.GroupVersionKind, obj.Namespace, obj.Name)}";
        var resource = await ResourceAsync(obj.GroupVersionKind, doing, cancellation);
        var request = new ApiRequest(HttpMethod.Post, PathOf(resource, NamespaceOf(resource, obj.Namespace)) + "?fieldManager=harmony", doing) { Body = Bytes(obj) };
        return (await connection.SendAsync(request, cancellation)).Body;
    }

    public async Task<JsonObject> PatchAsync(GroupVersionKind kind, string? ns, string name, JsonObject patch, CancellationToken cancellation)
    {
        var doing = $"changing {Words(kind, ns, name)}";
        var resource = await ResourceAsync(kind, doing, cancellation);
        var request = new ApiRequest(HttpMethod.Patch, PathOf(resource, NamespaceOf(resource, ns), name) + "?fieldManager=harmony", doing)
        {
            Body = Bytes(patch),
            ContentType = "application/merge-patch+json",
        };
        return (await connection.SendAsync(request, cancellation)).Body;
    }

    public Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, CancellationToken cancellation) =>
        DeleteAsync(kind, ns, name, propagation, uid: null, cancellation);

    public async Task<bool> DeleteAsync(GroupVersionKind kind, string? ns, string name, string propagation, string? uid, CancellationToken cancellation)
    {
        var doing = $"deleting {Words(kind, ns, name)}";
        var resource = await ResourceAsync(kind, doing, cancellation);
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = propagation };
        if (uid is { Length: > 0 })
        {
            options["preconditions"] = new JsonObject { ["uid"] = uid };
        }

        try
        {
            await connection.SendAsync(new(HttpMethod.Delete, PathOf(resource, NamespaceOf(resource, ns), name), doing) { Body = Bytes(options) }, cancellation);
            return true;
        }
        catch (KubernetesException e) when (e.Code == KubernetesError.NotFound || (e.Code == KubernetesError.Conflict && uid is not null))
        {
            return false;
        }
    }

    /// <summary>
    /// Server-side apply. Whether it changed anything is read from the answer, so that no read must come before it: an apply that changes nothing
    /// leaves the time of harmony's own entry in <c>managedFields</c> as it was, and one that does sets it to the server's clock, which the answer's
    /// Date header tells. Only what was changed within the last second or two may so be called configured twice; <see cref="Apply.Applier"/>, which
    /// lists the set anyway, knows better.
    /// </summary>
    public async Task<ApplyResult> ApplyAsync(JsonObject obj, bool dryRun, CancellationToken cancellation)
    {
        var doing = $"applying {Words(obj.GroupVersionKind, obj.Namespace, obj.Name)}";
        var resource = await ResourceAsync(obj.GroupVersionKind, doing, cancellation);
        var path = PathOf(resource, NamespaceOf(resource, obj.Namespace), obj.Name) + "?fieldManager=harmony&force=true" + (dryRun ? "&dryRun=All" : "");
        var answer = await connection.SendAsync(new(HttpMethod.Patch, path, doing) { Body = Bytes(obj), ContentType = "application/apply-patch+yaml" }, cancellation);
        var outcome = answer.Code == HttpStatusCode.Created ? ApplyOutcome.Created
            : Harmony.Kubernetes.Apply.AppliedFields.TimeOf(answer.Body) is { } applied && answer.Date is { } now && now - applied > TimeSpan.FromSeconds(1) ? ApplyOutcome.Unchanged
            : ApplyOutcome.Configured;
        return new(outcome, answer.Body) { Warnings = answer.Warnings };
    }
}
