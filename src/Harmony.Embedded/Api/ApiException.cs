using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api;

/// <summary>A request that the API refuses. It travels to the client as a metav1.Status.</summary>
public sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    /// <summary>The HTTP status code, such as 409.</summary>
    public int Code { get; } = code;

    /// <summary>metav1.StatusReason, such as <c>AlreadyExists</c>, <c>Conflict</c>, <c>NotFound</c>, <c>Invalid</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>metav1.StatusDetails: name, group, kind, causes.</summary>
    public JsonObject? Details { get; } = details;

    public bool IsConflict => Code == 409 && Reason == "Conflict";

    public bool IsAlreadyExists => Reason == "AlreadyExists";

    public bool IsNotFound => Code == 404;
}
