using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api;

/// <summary>The refusals of the API in kube-apiserver's words, and their form on the wire (metav1.Status).</summary>
public static class ApiErrors
{
    public static ApiException NotFound(ApiResource resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", Details(name, resource.Group, resource.Plural));

    /// <summary>Nothing is served at this path.</summary>
    public static ApiException NoSuchResource() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException AlreadyExists(ApiResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} \"{name}\" already exists", Details(name, resource.Group, resource.Plural));

    /// <summary>The object is not as the request expects it.</summary>
    public static ApiException Conflict(ApiResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Details(name, resource.Group, resource.Plural));

    /// <summary>Somebody else changed the object since it was read.</summary>
    public static ApiException Modified(ApiResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>A deletion's precondition does not hold. Kubernetes names the kind here, not the resource.</summary>
    public static ApiException Precondition(ApiResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(resource.Kind, resource.Group)} \"{name}\": {why}", Details(name, resource.Group, resource.Kind));

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Forbidden(ApiResource resource, string name, string why, JsonArray? causes = null)
    {
        var details = Details(name, resource.Group, resource.Plural);
        if (causes is not null)
        {
            details["causes"] = causes;
        }

        return new(403, "Forbidden", $"{resource} \"{name}\" is forbidden: {why}", details);
    }

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException TooLarge(long limit) => new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit}");

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException TooOld(long asked, long oldest) => Expired($"too old resource version: {asked} ({oldest})");

    public static ApiException NotAcceptable() =>
        new(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");

    public static ApiException UnsupportedMediaType() => new(415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");

    public static ApiException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}", new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    public static ApiException Unavailable(string message) => new(503, "ServiceUnavailable", message);

    /// <summary>One invalid field.</summary>
    /// <param name="reason">Such as <c>FieldValueInvalid</c>.</param>
    /// <param name="message">Such as <c>Invalid value: "x": …</c>.</param>
    public static ApiException Invalid(ApiResource resource, string name, string field, string reason, string message)
    {
        var details = Details(name, resource.Group, resource.Kind);
        details["causes"] = new JsonArray(new JsonObject { ["reason"] = reason, ["message"] = message, ["field"] = field });
        return new(422, "Invalid", $"{Qualified(resource.Kind, resource.Group)} \"{name}\" is invalid: {field}: {message}", details);
    }

    /// <summary>One invalid option of a request.</summary>
    /// <param name="kind">Such as <c>CreateOptions</c>.</param>
    public static ApiException InvalidOption(string kind, string field, string reason, string message) =>
        new(422, "Invalid", $"{kind}.meta.k8s.io \"\" is invalid: {field}: {message}", new()
        {
            ["group"] = "meta.k8s.io",
            ["kind"] = kind,
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = reason, ["message"] = message, ["field"] = field }),
        });

    /// <summary>An option of a request with a value that is none of those there are.</summary>
    public static ApiException UnsupportedOption(string kind, string field, string value, params ReadOnlySpan<string> supported)
    {
        var all = new List<string>();
        foreach (var one in supported)
        {
            all.Add($"\"{one}\"");
        }

        return InvalidOption(kind, field, "FieldValueNotSupported", $"Unsupported value: {value}: supported values: {string.Join(", ", all)}");
    }

    /// <summary>The refusal as a metav1.Status.</summary>
    public static JsonObject ToStatus(ApiException error)
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = error.Message };
        if (error.Reason.Length > 0)
        {
            status["reason"] = error.Reason;
        }

        if (error.Details is not null)
        {
            status["details"] = error.Details.DeepClone();
        }

        status["code"] = error.Code;
        return status;
    }

    private static string Qualified(string kind, string group) => group.Length == 0 ? kind : $"{kind}.{group}";

    private static JsonObject Details(string name, string group, string kind)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        details["kind"] = kind;
        return details;
    }
}
