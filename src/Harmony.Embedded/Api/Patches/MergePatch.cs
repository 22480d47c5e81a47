using System.Text.Json.Nodes;

namespace Harmony.Embedded.Api.Patches;

/// <summary>RFC 7386: objects are merged, null removes, all else replaces.</summary>
public static class MergePatch
{
    /// <summary>Applies the patch to a copy and returns it.</summary>
    public static JsonObject Apply(JsonObject target, JsonObject patch) => Merge(target, patch);

    private static JsonObject Merge(JsonNode? target, JsonObject patch)
    {
        var result = target is JsonObject o ? o.DeepClone().AsObject() : [];
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = value is JsonObject inner ? Merge(result[name], inner) : value.DeepClone();
            }
        }

        return result;
    }
}
