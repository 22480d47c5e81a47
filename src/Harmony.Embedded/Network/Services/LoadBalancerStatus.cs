using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Network.Services;

/// <summary><c>status.loadBalancer</c> of Services, as a cloud's controller keeps it.</summary>
internal static class LoadBalancerStatus
{
    /// <summary>Sets it in the object; false where it is right already.</summary>
    public static bool Update(ServiceRecord service, JsonObject obj)
    {
        var ingress = obj.At("status", "loadBalancer", "ingress") as JsonArray;
        if (service.Type != "LoadBalancer" || service.ClusterAddress is not { } address)
        {
            if (ingress is not { Count: > 0 })
            {
                return false;
            }

            obj.Child("status")["loadBalancer"] = new JsonObject();
            return true;
        }

        if (ingress is [JsonObject only] && only.Text("ip") == address.ToString())
        {
            return false;
        }

        obj.Child("status")["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = address.ToString(), ["ipMode"] = "VIP" }) };
        return true;
    }
}
