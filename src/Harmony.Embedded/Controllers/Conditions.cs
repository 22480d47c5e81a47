using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers;

/// <summary>Reads and writes lists of conditions (<c>status.conditions</c>).</summary>
internal static class Conditions
{
    public static JsonObject? Find(JsonObject status, string type) =>
        status["conditions"].Objects().FirstOrDefault(c => c.Text("type") == type);

    public static bool IsTrue(JsonObject? status, string type) => status is not null && Find(status, type)?.Text("status") == "True";

    /// <summary>Puts the condition in, in place of the one of its type; the transition time stays while the status does.</summary>
    public static void Set(JsonObject status, JsonObject condition)
    {
        var list = status.List("conditions");
        var type = condition.Text("type");
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is JsonObject known && known.Text("type") == type)
            {
                if (known.Text("status") == condition.Text("status") && known["lastTransitionTime"] is { } since)
                {
                    condition["lastTransitionTime"] = since.DeepClone();
                }

                list[i] = condition;
                return;
            }
        }

        list.Add((JsonNode)condition);
    }

    public static void Remove(JsonObject status, string type)
    {
        if (status["conditions"] is JsonArray list && Find(status, type) is { } known)
        {
            list.Remove(known);
            if (list.Count == 0)
            {
                status.Remove("conditions");
            }
        }
    }

    public static JsonObject New(string type, string status, string reason, string message, string now) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["lastTransitionTime"] = now,
        ["reason"] = reason,
        ["message"] = message,
    };
}
