using System.Text.Json;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.OpenApi;

/// <summary>Writes <c>paths</c>: the operations of each resource, with the parameters by which clients see what the server can do.</summary>
internal sealed class PathWriter(Utf8JsonWriter writer, string group, string version)
{
    private static readonly string[] PatchTypes =
        ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];

    private static readonly (string Name, string Type)[] Reading =
    [
        ("allowWatchBookmarks", "boolean"), ("continue", "string"), ("fieldSelector", "string"), ("labelSelector", "string"), ("limit", "integer"),
        ("resourceVersion", "string"), ("resourceVersionMatch", "string"), ("sendInitialEvents", "boolean"), ("timeoutSeconds", "integer"), ("watch", "boolean"),
    ];

    private static readonly (string Name, string Type)[] Writing = [("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")];
    private static readonly (string Name, string Type)[] Patching = [.. Writing, ("force", "boolean")];

    private static readonly (string Name, string Type)[] Deleting =
        [("dryRun", "string"), ("gracePeriodSeconds", "integer"), ("orphanDependents", "boolean"), ("propagationPolicy", "string")];

    public void Write(ApiResource resource, string schema)
    {
        var root = $"/{OpenApiDocument.Path(group, version)}/";
        var collection = root + (resource.Namespaced ? "namespaces/{namespace}/" : "") + resource.Plural;
        Path(collection, resource, item: false, schema, all: false);
        if (resource.Namespaced && Can(resource, "list"))
        {
            Path(root + resource.Plural, resource, item: false, schema, all: true);
        }

        if (Can(resource, "get"))
        {
            Path(collection + "/{name}", resource, item: true, schema, all: false);
        }

        foreach (var subresource in resource.Subresources.Where(s => s is "status" or "scale"))
        {
            // Other subresources are streams, or take kinds of their own: nothing asks their schema.
            Subresource($"{collection}/{{name}}/{subresource}", resource, subresource == "scale" ? ComponentWriter.Scale : schema);
        }
    }

    private static bool Can(ApiResource resource, string verb) => resource.Verbs.Contains(verb, StringComparer.Ordinal);

    private void Path(string path, ApiResource resource, bool item, string schema, bool all)
    {
        writer.WriteStartObject(path);
        if (item)
        {
            Operation("get", "get", resource, [], null, schema);
            Operation("put", "put", resource, Writing, schema, schema, "update");
            Operation("patch", "patch", resource, Patching, "", schema);
            Operation("delete", "delete", resource, Deleting, "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", "io.k8s.apimachinery.pkg.apis.meta.v1.Status");
        }
        else
        {
            Operation("get", "list", resource, Reading, null, schema + "List");
            if (!all)
            {
                Operation("post", "post", resource, Writing, schema, schema, "create");
                Operation("delete", "deletecollection", resource, Deleting, "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions", "io.k8s.apimachinery.pkg.apis.meta.v1.Status");
            }
        }

        Parameters(path);
        writer.WriteEndObject();
    }

    private void Subresource(string path, ApiResource resource, string schema)
    {
        writer.WriteStartObject(path);
        Operation("get", "get", resource, [], null, schema);
        Operation("put", "put", resource, Writing, schema, schema, "update");
        Operation("patch", "patch", resource, Patching, "", schema);
        Parameters(path);
        writer.WriteEndObject();
    }

    private void Parameters(string path)
    {
        writer.WriteStartArray("parameters");
        foreach (var name in new[] { "name", "namespace" }.Where(n => path.Contains($"{{{n}}}", StringComparison.Ordinal)))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("in", "path");
            writer.WriteBoolean("required", true);
            writer.WriteStartObject("schema");
            writer.WriteString("type", "string");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void Operation(
        string method, string action, ApiResource resource, (string Name, string Type)[] parameters, string? body, string answer, string? verb = null)
    {
        if (!Can(resource, verb ?? action))
        {
            return;
        }

        writer.WriteStartObject(method);
        writer.WriteStartArray("parameters");
        foreach (var (name, type) in parameters)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("in", "query");
            writer.WriteStartObject("schema");
            writer.WriteString("type", type);
            writer.WriteBoolean("uniqueItems", true);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (body is not null)
        {
            writer.WriteStartObject("requestBody");
            writer.WriteStartObject("content");
            foreach (var type in body.Length == 0 ? PatchTypes : ["*/*"])
            {
                Content(type, body.Length == 0 ? "io.k8s.apimachinery.pkg.apis.meta.v1.Patch" : body);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteStartObject("responses");
        writer.WriteStartObject("200");
        writer.WriteString("description", "OK");
        writer.WriteStartObject("content");
        Content("application/json", answer);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteString("x-kubernetes-action", action);
        writer.WriteKind(resource.GroupVersionKind, asList: false);
        writer.WriteEndObject();
    }

    private void Content(string type, string schema)
    {
        writer.WriteStartObject(type);
        writer.WriteStartObject("schema");
        writer.WriteString("$ref", "#/components/schemas/" + schema);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
