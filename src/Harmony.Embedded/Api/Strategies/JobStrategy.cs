using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>A job tells its pods by its own uid, unless it brings a selector of its own.</summary>
internal sealed class JobStrategy : Strategy
{
    public override ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        var spec = obj.Child("spec");
        if (spec["manualSelector"].AsBool() == true)
        {
            return ValueTask.CompletedTask;
        }

        spec["manualSelector"] = false;
        var labels = new JsonObject
        {
            ["batch.kubernetes.io/controller-uid"] = obj.Uid,
            ["batch.kubernetes.io/job-name"] = obj.Name,
            ["controller-uid"] = obj.Uid,
            ["job-name"] = obj.Name,
        };
        var template = spec.Child("template").Metadata.Child("labels");
        foreach (var (key, value) in labels)
        {
            template[key] = value!.DeepClone();
        }

        if (obj.At("metadata", "labels") is null)
        {
            obj.Metadata["labels"] = template.DeepClone();
        }

        spec.Child("selector").Child("matchLabels")["batch.kubernetes.io/controller-uid"] = obj.Uid;
        return ValueTask.CompletedTask;
    }
}
