using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>A definition remembers in which versions its objects may be stored.</summary>
internal sealed class CustomResourceDefinitionStrategy : Strategy
{
    /// <summary>Keeps a definition until its objects are deleted.</summary>
    internal const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        obj["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = new JsonArray(StorageVersion(obj)),
        };
        return ValueTask.CompletedTask;
    }

    public override void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
        var storage = StorageVersion(obj);
        var stored = obj.Child("status").List("storedVersions");
        if (subresource is null && storage is not null && !stored.Any(v => v.AsText() == storage))
        {
            stored.Add((JsonNode)storage);
        }
    }

    /// <summary>Its objects go first.</summary>
    public override void MarkDeleted(JsonObject obj)
    {
        if (!obj.At("metadata", "finalizers").Items().Any(f => f.AsText() == CleanupFinalizer))
        {
            obj.Metadata.List("finalizers").Add((JsonNode)CleanupFinalizer);
        }
    }

    internal static string? StorageVersion(JsonObject definition) =>
        definition.At("spec", "versions").Objects().FirstOrDefault(v => v["storage"].AsBool() == true)?.Text("name");
}
