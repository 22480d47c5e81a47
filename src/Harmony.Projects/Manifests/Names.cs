using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Projects.Manifests;

/// <summary>What an object's metadata must have so that it can be applied, and found again.</summary>
internal static class Names
{
    public static void Require(ManifestObject item)
    {
        var what = item.Json.Kind;
        if (item.Json["metadata"] is not JsonObject metadata)
        {
            throw item.Error(item.Json["metadata"], $"this {what} has no metadata", "Add `metadata:` with a `name:` in it.");
        }

        if (metadata["name"] is not { } name)
        {
            throw metadata.ContainsKey("generateName")
                ? item.Error(metadata["generateName"], $"this {what} has a generateName, which makes a new object each time it is applied: the next `harmony up` could not find it again", "Give it a fixed `name:` instead.")
                : item.Error(metadata, $"this {what} has no metadata.name", "Add a `name:` to its metadata.");
        }

        RequireText(item, name, "metadata.name");
        RequireText(item, metadata["namespace"], "metadata.namespace");
    }

    private static void RequireText(ManifestObject item, JsonNode? node, string field)
    {
        if (node is null)
        {
            return;
        }

        if (node.AsText() is not { } text)
        {
            throw item.Error(node, $"{field} of this {item.Json.Kind} is not text", "Put it in quotes.");
        }

        // The name becomes part of an address; what else it may have is the cluster's to say.
        if (text.Length is 0 or > 253 || text is "." or ".." || text.AsSpan().IndexOfAny("/%?# ") >= 0 || text.Any(char.IsControl))
        {
            throw item.Error(node, $"{field} of this {item.Json.Kind} cannot be a name in Kubernetes", "Use at most 253 lower-case letters, digits, hyphens and dots.");
        }
    }
}
