using System.Text.Json.Nodes;

namespace Harmony.Kubernetes.Objects;

/// <summary>
/// Chooses objects by their labels. Read from the query form (<c>a=b,c in (d,e),!f</c>) or from an object's <c>matchLabels</c> and
/// <c>matchExpressions</c>. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/.
/// </summary>
public sealed partial class LabelSelector
{
    private readonly List<Requirement> requirements = [];

    private LabelSelector()
    {
    }

    /// <summary>Chooses everything.</summary>
    public static LabelSelector Everything { get; } = new();

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,

        /// <summary>Greater, as an integer: of nodes' labels only.</summary>
        Gt,
        Lt,
    }

    /// <summary>All of these labels, as a Service's selector means it. An empty map chooses nothing here; check for it before.</summary>
    public static LabelSelector FromMap(JsonNode? labels)
    {
        var selector = new LabelSelector();
        foreach (var (key, value) in labels.AsTextMap())
        {
            selector.requirements.Add(new(key, Operator.In, [value]));
        }

        return selector;
    }

    /// <summary>From <c>{matchLabels, matchExpressions}</c>; an empty or missing selector chooses everything.</summary>
    public static LabelSelector FromObject(JsonNode? node)
    {
        var selector = FromMap(node.At("matchLabels"));
        foreach (var expression in node.At("matchExpressions").Objects())
        {
            var values = expression["values"].Items().Select(v => v.AsText() ?? "").ToArray();
            if (Enum.TryParse<Operator>(expression.Text("operator"), out var op))
            {
                selector.requirements.Add(new(expression.Text("key") ?? "", op, values));
            }
        }

        return selector;
    }

    public bool Matches(JsonObject obj) => Matches(obj.Labels);

    public bool Matches(IReadOnlyDictionary<string, string> labels) => requirements.TrueForAll(r => r.Matches(labels));

    /// <summary>The query form, for <c>labelSelector=</c>.</summary>
    public override string ToString() => string.Join(',', requirements);

    private sealed record Requirement(string Key, Operator Operator, string[] Values)
    {
        public bool Matches(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.In => present && Values.Contains(value, StringComparer.Ordinal),
                Operator.NotIn => !present || !Values.Contains(value, StringComparer.Ordinal),
                Operator.Exists => present,
                Operator.DoesNotExist => !present,
                _ => present && long.TryParse(value, out var number) && long.TryParse(Values.FirstOrDefault(), out var bound)
                    && (Operator is Operator.Gt ? number > bound : number < bound),
            };
        }

        public override string ToString() => Operator switch
        {
            Operator.In when Values.Length == 1 => $"{Key}={Values[0]}",
            Operator.NotIn when Values.Length == 1 => $"{Key}!={Values[0]}",
            Operator.In => $"{Key} in ({string.Join(',', Values)})",
            Operator.NotIn => $"{Key} notin ({string.Join(',', Values)})",
            Operator.Exists => Key,
            Operator.Gt => $"{Key}>{Values[0]}",
            Operator.Lt => $"{Key}<{Values[0]}",
            _ => $"!{Key}",
        };
    }
}
