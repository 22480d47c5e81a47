using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Scheduling;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Strategies;

/// <summary>
/// Admission by LimitRange: containers that say nothing get the namespace's defaults, and what asks for more, or less, than is allowed is refused.
/// Source: kube's plugin/pkg/admission/limitranger.
/// </summary>
internal static class LimitRanges
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    /// <summary>Fills in a new pod's defaults, and refuses what exceeds its namespace's ranges.</summary>
    public static void Admit(JsonObject pod, JsonObject spec, ClusterState cluster)
    {
        var ranges = Of(pod, cluster);
        if (ranges.Count == 0)
        {
            return;
        }

        foreach (var range in ranges)
        {
            Fill(pod, spec, range);
        }

        var (requests, limits) = (PodRequests.Of(pod), PodRequests.LimitsOf(pod));
        foreach (var range in ranges)
        {
            var wrong = new List<string>();
            foreach (var item in range.At("spec", "limits").Objects())
            {
                switch (item.Text("type"))
                {
                    case "Container":
                        foreach (var container in spec["containers"].Objects().Concat(spec["initContainers"].Objects()))
                        {
                            Check(item, "Container", Amounts(container.At("resources", "requests")), Amounts(container.At("resources", "limits")), wrong);
                        }

                        break;
                    case "Pod":
                        Check(item, "Pod", requests, limits, wrong);
                        break;
                }
            }

            Refuse(BuiltInResources.Pods, pod, wrong);
        }
    }

    /// <summary>Refuses a claim of more, or less, storage than its namespace's ranges allow.</summary>
    public static void AdmitClaim(JsonObject claim, ClusterState cluster)
    {
        const string type = "PersistentVolumeClaim";
        foreach (var range in Of(claim, cluster))
        {
            var wrong = new List<string>();
            var requests = Amounts(claim.At("spec", "resources", "requests"));
            foreach (var item in range.At("spec", "limits").Objects().Where(i => i.Text("type") == type))
            {
                CheckMinimum(item, type, requests, new SortedDictionary<string, Quantity>(StringComparer.Ordinal), wrong);
                foreach (var (name, most) in Amounts(item["max"]))
                {
                    AddIf(!requests.TryGetValue(name, out var asked), wrong, $"maximum {name} usage per {type} is {most}.  No request is specified");
                    AddIf(asked > most, wrong, $"maximum {name} usage per {type} is {most}, but request is {asked}");
                }
            }

            Refuse(BuiltInResources.PersistentVolumeClaims, claim, wrong);
        }
    }

    private static List<JsonObject> Of(JsonObject obj, ClusterState cluster) =>
        [.. cluster.List(BuiltInResources.LimitRanges, obj.Namespace).Select(r => r.ToTree())];

    private static void Fill(JsonObject pod, JsonObject spec, JsonObject range)
    {
        var requests = Defaults(range, "defaultRequest");
        var limits = Defaults(range, "default");
        var notes = new List<string>();
        foreach (var (kind, containers) in ((string, JsonNode?)[])[("container", spec["containers"]), ("init container", spec["initContainers"])])
        {
            foreach (var container in containers.Objects())
            {
                Note(Fill(container, "requests", requests), $"request for {kind} {container.Text("name")}");
                Note(Fill(container, "limits", limits), $"limit for {kind} {container.Text("name")}");
            }
        }

        if (notes.Count > 0)
        {
            pod.Metadata.Child("annotations")[Annotation] = "LimitRanger plugin set: " + string.Join("; ", notes);
        }

        void Note(List<string> names, string what)
        {
            if (names.Count > 0)
            {
                notes.Add($"{string.Join(", ", names.Order(StringComparer.Ordinal))} {what}");
            }
        }
    }

    private static List<string> Fill(JsonObject container, string part, SortedDictionary<string, Quantity> defaults)
    {
        var missing = defaults.Where(d => container.At("resources", part, d.Key) is null).ToList();
        foreach (var (name, value) in missing)
        {
            container.Child("resources").Child(part)[name] = value.ToString();
        }

        return [.. missing.Select(m => m.Key)];
    }

    private static SortedDictionary<string, Quantity> Defaults(JsonObject range, string field)
    {
        var all = new SortedDictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var item in range.At("spec", "limits").Objects().Where(i => i.Text("type") == "Container"))
        {
            foreach (var (name, value) in Amounts(item[field]))
            {
                all[name] = value;
            }
        }

        return all;
    }

    private static void Check(JsonObject item, string type, IReadOnlyDictionary<string, Quantity> requests, IReadOnlyDictionary<string, Quantity> limits, List<string> wrong)
    {
        CheckMinimum(item, type, requests, limits, wrong);
        foreach (var (name, most) in Amounts(item["max"]))
        {
            var limited = limits.TryGetValue(name, out var limit);
            AddIf(!limited, wrong, $"maximum {name} usage per {type} is {most}.  No limit is specified");
            AddIf(limited && limit > most, wrong, $"maximum {name} usage per {type} is {most}, but limit is {limit}");
            AddIf(limited && limit <= most && requests.GetValueOrDefault(name) > most, wrong, $"maximum {name} usage per {type} is {most}, but request is {requests.GetValueOrDefault(name)}");
        }

        foreach (var (name, most) in Amounts(item["maxLimitRequestRatio"]))
        {
            var start = $"{name} max limit to request ratio per {type} is {most}, but ";
            var (request, limit) = (requests.GetValueOrDefault(name), limits.GetValueOrDefault(name));
            if (request == Quantity.Zero || limit == Quantity.Zero)
            {
                wrong.Add(start + (request == Quantity.Zero ? "no request is specified or request is 0" : "no limit is specified or limit is 0"));
                continue;
            }

            var ratio = (double)limit.MilliValue / request.MilliValue;
            AddIf(ratio * 1000 > most.MilliValue, wrong, start + $"provided ratio is {ratio.ToString("F6", CultureInfo.InvariantCulture)}");
        }
    }

    private static void CheckMinimum(JsonObject item, string type, IReadOnlyDictionary<string, Quantity> requests, IReadOnlyDictionary<string, Quantity> limits, List<string> wrong)
    {
        foreach (var (name, least) in Amounts(item["min"]))
        {
            var asked = requests.TryGetValue(name, out var request);
            AddIf(!asked, wrong, $"minimum {name} usage per {type} is {least}.  No request is specified");
            AddIf(asked && request < least, wrong, $"minimum {name} usage per {type} is {least}, but request is {request}");
            AddIf(asked && request >= least && limits.TryGetValue(name, out var limit) && limit < least, wrong, $"minimum {name} usage per {type} is {least}, but limit is {limits.GetValueOrDefault(name)}");
        }
    }

    private static void AddIf(bool holds, List<string> wrong, string message)
    {
        if (holds)
        {
            wrong.Add(message);
        }
    }

    private static void Refuse(ApiResource resource, JsonObject obj, List<string> wrong)
    {
        if (wrong.Count > 0)
        {
            throw ApiErrors.Forbidden(resource, obj.Name, wrong.Count == 1 ? wrong[0] : $"[{string.Join(", ", wrong)}]");
        }
    }

    private static SortedDictionary<string, Quantity> Amounts(JsonNode? node)
    {
        var amounts = new SortedDictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, value) in node as JsonObject ?? [])
        {
            amounts[name] = value.AsQuantity() ?? Quantity.Zero;
        }

        return amounts;
    }
}
