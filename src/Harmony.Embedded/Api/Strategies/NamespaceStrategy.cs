using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>A namespace lives until its <c>spec.finalizers</c> are gone: the namespace controller empties it and then finalizes it.</summary>
internal sealed class NamespaceStrategy : Strategy
{
    private const string KubernetesFinalizer = "kubernetes";

    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        obj.Metadata.Child("labels")["kubernetes.io/metadata.name"] = obj.Name;
        var finalizers = obj.Child("spec").List("finalizers");
        if (!finalizers.Any(f => f.AsText() == KubernetesFinalizer))
        {
            finalizers.Add((JsonNode)KubernetesFinalizer);
        }

        return ValueTask.CompletedTask;
    }

    public override void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
        obj.Metadata.Child("labels")["kubernetes.io/metadata.name"] = obj.Name;
        if (subresource != "finalize")
        {
            obj.Child("spec")["finalizers"] = old.At("spec", "finalizers")?.DeepClone() ?? new JsonArray();
        }
    }

    public override bool OutlivesDeletion(JsonObject obj) => obj.At("spec", "finalizers") is JsonArray { Count: > 0 };

    public override void MarkDeleted(JsonObject obj) => obj.Child("status")["phase"] = "Terminating";
}
