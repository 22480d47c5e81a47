using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>The class that a pod's requests and limits put it in: it decides who is killed first when memory runs out.</summary>
internal static class QualityOfService
{
    private static readonly string[] Resources = ["cpu", "memory"];

    public static string Of(JsonObject spec)
    {
        var asks = false;
        var guaranteed = true;
        foreach (var container in spec["containers"].Objects().Concat(spec["initContainers"].Objects()))
        {
            foreach (var resource in Resources)
            {
                var request = container.At("resources", "requests", resource).AsQuantity() ?? Quantity.Zero;
                var limit = container.At("resources", "limits", resource).AsQuantity() ?? Quantity.Zero;
                asks |= request > Quantity.Zero || limit > Quantity.Zero;
                guaranteed &= limit > Quantity.Zero && (request == limit || request == Quantity.Zero);
            }
        }

        return !asks ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
