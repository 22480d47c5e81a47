using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Validation;

/// <summary>Decides whether an object may be stored, with kube-apiserver's field errors.</summary>
public static partial class Validator
{
    /// <summary>Checks a new object: decoded, defaulted, its namespace and generated name filled in.</summary>
    /// <exception cref="ApiException">422 Invalid with <c>details.causes</c>.</exception>
    public static void ValidateCreate(JsonObject obj, ApiResource resource, Schema schema)
    {
    }

    /// <summary>Checks a change against what is stored; <paramref name="subresource"/> is null for the object itself.</summary>
    /// <exception cref="ApiException">422 Invalid with <c>details.causes</c>.</exception>
    public static void ValidateUpdate(JsonObject obj, JsonObject old, ApiResource resource, Schema schema, string? subresource = null)
    {
    }
}
