using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Catalog;

/// <summary>
/// autoscaling/v1 as another view of v2, which is stored: the CPU target is one of the metrics. What v1 cannot say travels in an annotation, as
/// Kubernetes does it.
/// </summary>
internal sealed class AutoscalerConversion : IVersionConversion
{
    private const string MetricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
    private const string BehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";

    public JsonObject ToStorage(JsonObject served)
    {
        served["apiVersion"] = "autoscaling/v2";
        var spec = served.Child("spec");
        var metrics = Take(served, MetricsAnnotation) as JsonArray ?? [];
        if (spec.Remove("targetCPUUtilizationPercentage", out var target) && target is not null)
        {
            metrics.Insert(0, new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject
                {
                    ["name"] = "cpu",
                    ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = target.DeepClone() },
                },
            });
        }

        if (metrics.Count > 0)
        {
            spec["metrics"] = metrics;
        }

        if (Take(served, BehaviorAnnotation) is { } behavior)
        {
            spec["behavior"] = behavior;
        }

        return served;
    }

    public JsonObject FromStorage(JsonObject stored, ApiResource served)
    {
        stored["apiVersion"] = served.ApiVersion;
        var spec = stored.Child("spec");
        if (spec.Remove("metrics", out var metrics) && metrics is JsonArray list)
        {
            var cpu = list.Objects().FirstOrDefault(m => m.At("resource", "name").AsText() == "cpu" && m.At("resource", "target", "averageUtilization") is not null);
            if (cpu is not null)
            {
                spec["targetCPUUtilizationPercentage"] = cpu.At("resource", "target", "averageUtilization")!.DeepClone();
                list.Remove(cpu);
            }

            Put(stored, MetricsAnnotation, list.Count > 0 ? list : null);
        }

        if (spec.Remove("behavior", out var behavior))
        {
            Put(stored, BehaviorAnnotation, behavior);
        }

        if (stored.Status is { } status)
        {
            status.Remove("currentMetrics");
            status.Remove("conditions");
        }

        return stored;
    }

    private static JsonNode? Take(JsonObject obj, string annotation)
    {
        if (obj.Annotation(annotation) is not { } text)
        {
            return null;
        }

        obj.Metadata.Child("annotations").Remove(annotation);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static void Put(JsonObject obj, string annotation, JsonNode? value)
    {
        if (value is not null)
        {
            obj.Metadata.Child("annotations")[annotation] = value.ToJsonString();
        }
    }
}
