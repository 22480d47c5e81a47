using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Defaults;

/// <summary>A pod's <c>status.qosClass</c>, from the CPU and memory that its containers ask for.</summary>
public static class QualityOfService
{
    private static readonly string[] Counted = ["cpu", "memory"];

    /// <summary><c>Guaranteed</c>, <c>Burstable</c> or <c>BestEffort</c>.</summary>
    public static string Of(JsonObject pod)
    {
        var containers = pod.At("spec", "containers").Objects().Concat(pod.At("spec", "initContainers").Objects()).ToList();
        var asked = containers.SelectMany(c => Counted.SelectMany(r => new[] { c.At("resources", "requests", r), c.At("resources", "limits", r) }))
            .Any(q => Quantity.TryParse(q.AsText(), out var value) && value != Quantity.Zero);
        if (!asked)
        {
            return "BestEffort";
        }

        return containers.TrueForAll(c => Counted.All(r =>
            Quantity.TryParse(c.At("resources", "limits", r).AsText(), out var limit) && limit != Quantity.Zero
            && (c.At("resources", "requests", r).AsText() is not { } text || (Quantity.TryParse(text, out var request) && request == limit))))
            ? "Guaranteed" : "Burstable";
    }
}
