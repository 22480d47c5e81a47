using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>Admits pods: fills in what their service account, priority and runtime class say, and lets running ones end gracefully.</summary>
internal sealed class PodStrategy : Strategy
{
    private const long DefaultGraceSeconds = 30;

    public override async ValueTask PrepareCreateAsync(JsonObject obj, ClusterState cluster, CancellationToken cancellation)
    {
        var spec = obj.Child("spec");
        PodPriority.Fill(obj, spec, cluster);
        PodRuntimeClass.Fill(obj, spec, cluster);
        await PodServiceAccount.FillAsync(obj, spec, cluster, cancellation);
        FillTolerations(spec);
        LimitRanges.Admit(obj, spec, cluster);
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService.Of(spec) };
        if (spec["schedulingGates"] is JsonArray { Count: > 0 })
        {
            obj.Child("status")["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "PodScheduled",
                ["status"] = "False",
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = null,
                ["reason"] = "SchedulingGated",
                ["message"] = "Scheduling is blocked due to non-empty scheduling gates",
            });
        }
    }

    public override void PrepareUpdate(JsonObject obj, JsonObject old, string? subresource, ClusterState cluster)
    {
        if (obj.Status is { } status && status["qosClass"] is null && old.At("status", "qosClass") is { } quality)
        {
            status["qosClass"] = quality.DeepClone();
        }
    }

    public override long GracePeriod(JsonObject obj, long? asked)
    {
        // Nobody would end these but the API itself: they were never started, or have ended.
        if (string.IsNullOrEmpty(obj.At("spec", "nodeName").AsText()) || obj.At("status", "phase").AsText() is "Failed" or "Succeeded")
        {
            return 0;
        }

        var grace = asked ?? obj.At("spec", "terminationGracePeriodSeconds").AsLong() ?? DefaultGraceSeconds;
        return grace < 0 ? 1 : grace;
    }

    /// <summary>Pods stay for five minutes on a node in trouble, unless they say otherwise.</summary>
    private static void FillTolerations(JsonObject spec)
    {
        foreach (var key in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            var tolerated = spec["tolerations"].Objects().Any(t =>
                (t.Text("key") == key || string.IsNullOrEmpty(t.Text("key"))) && t.Text("effect") is "NoExecute" or null or "");
            if (!tolerated)
            {
                spec.List("tolerations").Add((JsonNode)new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
            }
        }
    }
}
