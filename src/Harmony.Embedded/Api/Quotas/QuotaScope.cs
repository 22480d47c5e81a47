using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Quotas;

/// <summary>Which pods a quota is for: its <c>scopes</c> and its <c>scopeSelector</c>. A quota without either is for all objects.</summary>
internal static class QuotaScope
{
    /// <summary>Whether the quota counts this object. Scopes are of pods; a quota that has some counts nothing else.</summary>
    public static bool Selects(JsonObject quota, ApiResource resource, JsonObject obj)
    {
        var scopes = quota.At("spec", "scopes").Items().Select(s => (Name: s.AsText() ?? "", Operator: "Exists", Values: (IReadOnlyList<string>)[])).Concat(
            quota.At("spec", "scopeSelector", "matchExpressions").Objects().Select(e =>
                (Name: e.Text("scopeName") ?? "", Operator: e.Text("operator") ?? "Exists", Values: (IReadOnlyList<string>)[.. e["values"].Items().Select(v => v.AsText() ?? "")]))).ToList();
        return scopes.Count == 0 || (resource == BuiltInResources.Pods && scopes.TrueForAll(s => Matches(obj, s.Name, s.Operator, s.Values)));
    }

    private static bool Matches(JsonObject pod, string scope, string @operator, IReadOnlyList<string> values) => scope switch
    {
        "Terminating" => EndsByItself(pod),
        "NotTerminating" => !EndsByItself(pod),
        "BestEffort" => IsBestEffort(pod),
        "NotBestEffort" => !IsBestEffort(pod),
        "PriorityClass" => MatchesClass(pod.At("spec", "priorityClassName").AsText() ?? "", @operator, values),
        _ => false,
    };

    private static bool MatchesClass(string name, string @operator, IReadOnlyList<string> values) => @operator switch
    {
        "In" => values.Contains(name),
        "NotIn" => !values.Contains(name),
        "DoesNotExist" => name.Length == 0,
        _ => name.Length > 0,
    };

    private static bool EndsByItself(JsonObject pod) => pod.At("spec", "activeDeadlineSeconds").AsLong() >= 0;

    private static bool IsBestEffort(JsonObject pod) => Strategies.QualityOfService.Of(pod.Child("spec")) == "BestEffort";
}
