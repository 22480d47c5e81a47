using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>The names that hold an object back from its end.</summary>
internal static class Finalizers
{
    public static bool Has(JsonObject obj, string name) => obj.At("metadata", "finalizers").Items().Any(f => f.AsText() == name);

    /// <summary>Says whether it was there.</summary>
    public static bool Remove(JsonObject obj, string name)
    {
        if (obj.At("metadata", "finalizers") is not JsonArray list || list.FirstOrDefault(f => f.AsText() == name) is not { } found)
        {
            return false;
        }

        list.Remove(found);
        if (list.Count == 0)
        {
            obj.Metadata.Remove("finalizers");
        }

        return true;
    }

    /// <summary>Says whether it was missing.</summary>
    public static bool Add(JsonObject obj, string name)
    {
        if (Has(obj, name))
        {
            return false;
        }

        obj.Metadata.List("finalizers").Add((JsonNode)name);
        return true;
    }
}
