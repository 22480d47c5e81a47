using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Tables;

/// <summary>How values become cells, as kube-apiserver prints them.</summary>
internal static class Cells
{
    private static readonly Dictionary<string, string> ShortModes = new(StringComparer.Ordinal)
    {
        ["ReadWriteOnce"] = "RWO", ["ReadOnlyMany"] = "ROX", ["ReadWriteMany"] = "RWX", ["ReadWriteOncePod"] = "RWOP",
    };

    public static string Or(JsonNode? node, string otherwise) => node.AsText() is { Length: > 0 } text ? text : otherwise;

    public static long Number(JsonNode? obj, params ReadOnlySpan<string> path) => obj.At(path).AsLong() ?? 0;

    public static int Count(JsonNode? node) => node switch { JsonObject o => o.Count, JsonArray a => a.Count, _ => 0 };

    /// <summary>The names or images of the containers of the template.</summary>
    public static string Containers(JsonNode? obj, string field) =>
        string.Join(',', obj.At("spec", "template", "spec", "containers").Objects().Select(c => c.Text(field) ?? ""));

    /// <summary>A selector or a map of labels; <c>&lt;none&gt;</c> for an empty one.</summary>
    public static string Selector(JsonNode? selector)
    {
        var text = selector.At("matchLabels") is not null || selector.At("matchExpressions") is not null
            ? LabelSelector.FromObject(selector).ToString() : LabelSelector.FromMap(selector).ToString();
        return text.Length == 0 ? "<none>" : text;
    }

    /// <summary>The first three, and how many more there are.</summary>
    public static string Joined(IEnumerable<string> texts, string none)
    {
        var all = texts.ToList();
        return all.Count == 0 ? none : all.Count <= 3 ? string.Join(',', all) : $"{string.Join(',', all.Take(3))} + {all.Count - 3} more...";
    }

    public static string AccessModes(JsonNode? modes) =>
        string.Join(',', modes.Items().Select(m => ShortModes.GetValueOrDefault(m.AsText() ?? "", m.AsText() ?? "")));

    public static bool IsBound(JsonObject claim) => !string.IsNullOrEmpty(claim.At("spec", "volumeName").AsText());

    public static string Subjects(JsonObject binding, string kind) => string.Join(", ", binding["subjects"].Objects()
        .Where(s => s.Text("kind") == kind).Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name") ?? ""));

    public static string Parameters(JsonNode? parameters) => parameters is not JsonObject p ? "<none>"
        : p.Text("apiGroup") is { Length: > 0 } group ? $"{p.Text("kind")}.{group}/{p.Text("name")}" : $"{p.Text("kind")}/{p.Text("name")}";

    public static string Quota(JsonObject quota, bool limits)
    {
        var hard = quota.At("status", "hard") as JsonObject ?? [];
        return string.Join(", ", hard.OrderBy(h => h.Key, StringComparer.Ordinal)
            .Where(h => h.Key.StartsWith("limits", StringComparison.Ordinal) == limits)
            .Select(h => $"{h.Key}: {Or(quota.At("status", "used", h.Key), "0")}/{h.Value.AsText()}"));
    }

    public static string JobStatus(JsonObject job)
    {
        bool Is(string type) => job.Condition(type)?.Text("status") == "True";
        return Is("Complete") ? "Complete"
            : Is("Failed") ? "Failed"
            : job.IsBeingDeleted ? "Terminating"
            : Is("Suspended") ? "Suspended"
            : Is("FailureTarget") ? "FailureTarget"
            : Is("SuccessCriteriaMet") ? "SuccessCriteriaMet"
            : "Running";
    }

    public static string JobCompletions(JsonObject job)
    {
        var succeeded = Number(job, "status", "succeeded");
        if (job.At("spec", "completions").AsLong() is { } completions)
        {
            return $"{succeeded}/{completions}";
        }

        var parallelism = Number(job, "spec", "parallelism");
        return parallelism > 1 ? $"{succeeded}/1 of {parallelism}" : $"{succeeded}/1";
    }

    public static JsonNode? JobDuration(JsonObject job, DateTimeOffset now) => job.At("status", "startTime").AsTime() is not { } start ? ""
        : Ages.Human((job.At("status", "completionTime").AsTime() ?? job.Condition("Failed")?["lastTransitionTime"].AsTime() ?? now) - start);
}
