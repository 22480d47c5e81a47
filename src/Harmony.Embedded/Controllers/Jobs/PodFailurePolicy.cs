using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Controllers.Jobs;

/// <summary>What a Job's <c>podFailurePolicy</c> says of a failed pod.</summary>
internal static class PodFailurePolicy
{
    /// <summary>The action of the first rule that matches, with the words for the Job's condition; null where none does.</summary>
    public static (string Action, string Message)? Of(JsonObject job, JsonObject pod)
    {
        var rules = job.At("spec", "podFailurePolicy", "rules").Objects().ToList();
        for (var i = 0; i < rules.Count; i++)
        {
            var action = rules[i].Text("action") ?? "Count";
            if (rules[i]["onExitCodes"] is JsonObject codes && Container(pod, codes) is { } container)
            {
                var exit = container.At("state", "terminated", "exitCode").AsLong();
                return (action, $"Container {container.Text("name")} for pod {pod.Namespace}/{pod.Name} failed with exit code {exit} matching {action} rule at index {i}");
            }

            foreach (var pattern in rules[i]["onPodConditions"].Objects())
            {
                if (pod.Condition(pattern.Text("type") ?? "")?.Text("status") == (pattern.Text("status") ?? "True"))
                {
                    return (action, $"Pod {pod.Namespace}/{pod.Name} has condition {pattern.Text("type")} matching {action} rule at index {i}");
                }
            }
        }

        return null;
    }

    private static JsonObject? Container(JsonObject pod, JsonObject codes)
    {
        var values = codes["values"].Items().Select(v => v.AsLong()).ToHashSet();
        return pod.At("status", "containerStatuses").Objects().Concat(pod.At("status", "initContainerStatuses").Objects()).FirstOrDefault(c =>
            (codes.Text("containerName") is not { Length: > 0 } name || c.Text("name") == name)
            && c.At("state", "terminated", "exitCode").AsLong() is { } exit and not 0
            && values.Contains(exit) == (codes.Text("operator") == "In"));
    }
}
