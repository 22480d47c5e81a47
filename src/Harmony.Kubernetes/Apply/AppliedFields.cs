using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Kubernetes.Apply;

/// <summary>Harmony's own entry in an object's <c>managedFields</c>.</summary>
internal static class AppliedFields
{
    /// <summary>When harmony's apply last changed the object, by the server's clock, to the second; null where it never did.</summary>
    public static DateTimeOffset? TimeOf(JsonObject obj) =>
        Entry(obj).At("time").AsTime();

    /// <summary>Whether an apply between these two states of one object left it as it was, whatever others did to it meanwhile.</summary>
    public static bool AreUntouched(JsonObject before, JsonObject after)
    {
        if (before.Uid != after.Uid)
        {
            return false;
        }

        if (before.ResourceVersion == after.ResourceVersion)
        {
            return true;
        }

        // Controllers write status all the time. An apply that did something moved its own time, and, within the same second, the generation.
        return TimeOf(before) is { } first && TimeOf(after) == first && before.Generation > 0 && before.Generation == after.Generation
            && JsonNode.DeepEquals(Entry(before), Entry(after));
    }

    private static JsonObject? Entry(JsonObject obj) =>
        obj.At("metadata", "managedFields").Objects().FirstOrDefault(e => e.Text("manager") == "harmony" && e.Text("operation") == "Apply" && e.Text("subresource") is null);
}
