using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

// The merge itself, what is taken away after it, and the check before it.
public static partial class ServerSideApply
{
    private static JsonObject MergeObjects(JsonObject live, JsonObject applied, Schema schema)
    {
        var result = live.DeepClone().AsObject();
        foreach (var (name, value) in applied)
        {
            result[name] = result.TryGetPropertyValue(name, out var old) ? Merge(old, value, FieldSets.Member(schema, name)) : value?.DeepClone();
        }

        return result;
    }

    private static JsonNode? Merge(JsonNode? live, JsonNode? applied, Schema schema)
    {
        if (FieldSets.IsLeaf(applied, schema))
        {
            return applied?.DeepClone();
        }

        return (live, applied) switch
        {
            (JsonObject old, JsonObject given) => MergeObjects(old, given, schema),
            (JsonArray old, JsonArray given) => MergeLists(old, given, schema),
            _ => applied?.DeepClone(),
        };
    }

    /// <summary>The applied order rules; what only the live list has keeps its place among its neighbours.</summary>
    private static JsonArray MergeLists(JsonArray live, JsonArray applied, Schema schema)
    {
        var before = Keyed(live, schema);
        var given = Keyed(applied, schema);
        var liveSteps = before.Select(b => b.Step).ToHashSet(StringComparer.Ordinal);
        var givenSteps = given.Select(g => g.Step).ToHashSet(StringComparer.Ordinal);
        var result = new JsonArray();
        var next = 0;
        foreach (var (step, item) in given)
        {
            if (liveSteps.Contains(step))
            {
                while (next < before.Count && before[next].Step != step && !(givenSteps.Contains(before[next].Step)))
                {
                    result.Add(before[next++].Item?.DeepClone());
                }

                if (next < before.Count && before[next].Step == step)
                {
                    next++;
                }

                var old = before.Find(b => b.Step == step).Item;
                result.Add(schema.ListType == ListType.Map ? Merge(old, item, schema.Items!) : item?.DeepClone());
            }
            else
            {
                // New items come after what stood before the live list's next shared item.
                while (next < before.Count && !givenSteps.Contains(before[next].Step))
                {
                    result.Add(before[next++].Item?.DeepClone());
                }

                result.Add(item?.DeepClone());
            }
        }

        for (; next < before.Count; next++)
        {
            if (!givenSteps.Contains(before[next].Step))
            {
                result.Add(before[next].Item?.DeepClone());
            }
        }

        return result;
    }

    private static List<(string Step, JsonNode? Item)> Keyed(JsonArray list, Schema schema) =>
        [.. list.Select(i => (FieldStep.Item(i, schema, out _) ?? FieldStep.Value(i), i))];

    /// <summary>Takes away what the manager gave last time and nobody owns now.</summary>
    private static void Prune(JsonNode? value, Schema schema, FieldSet last, FieldSet? owned)
    {
        foreach (var (step, below) in last.Children)
        {
            var keep = owned?.Find(step);
            if (step[0] == 'f' && value is JsonObject obj && obj.ContainsKey(step[2..]))
            {
                var name = step[2..];
                if (keep is null || keep.IsEmpty)
                {
                    obj.Remove(name);
                }
                else
                {
                    Prune(obj[name], FieldSets.Member(schema, name), below, keep);
                }
            }
            else if (step[0] is 'k' or 'v' && value is JsonArray list && schema.Kind == SchemaKind.List)
            {
                for (var i = list.Count - 1; i >= 0; i--)
                {
                    if (FieldStep.Item(list[i], schema, out _) != step)
                    {
                        continue;
                    }

                    if (keep is null || keep.IsEmpty)
                    {
                        list.RemoveAt(i);
                    }
                    else if (schema.Items is not null)
                    {
                        Prune(list[i], schema.Items, below, keep);
                    }
                }
            }
        }
    }

    /// <summary>Refuses what has no place in the schema, as the making of a typed object does.</summary>
    private static void Check(JsonObject applied, Schema schema)
    {
        if (Problem(applied, schema, "") is { } problem)
        {
            var gvk = applied.GroupVersionKind;
            var name = $"{applied.Namespace}/{applied.Name}";
            throw new ApiException(500, "", $"failed to create typed patch object ({name}; {applied.ApiVersion}, Kind={gvk.Kind}): {problem}");
        }
    }

    private static string? Problem(JsonNode? value, Schema schema, string path)
    {
        switch (schema.Kind)
        {
            case SchemaKind.Any:
                return null;
            case SchemaKind.Object or SchemaKind.Map:
                if (value is null)
                {
                    return null;
                }

                if (value is not JsonObject obj)
                {
                    return $"{path}: expected map, got {Shown(value)}";
                }

                foreach (var (name, member) in obj)
                {
                    var field = schema.Field(name);
                    var inner = $"{path}.{name}";
                    if (field is null)
                    {
                        if (schema.PreserveUnknownFields || schema.EmbeddedResource || schema.IsCustom)
                        {
                            continue;
                        }

                        return $"{inner}: field not declared in schema";
                    }

                    if (Problem(member, field, inner) is { } problem)
                    {
                        return problem;
                    }
                }

                return null;
            case SchemaKind.List:
                return value is null ? null : value is JsonArray list ? ListProblem(list, schema, path) : $"{path}: expected list, got {Shown(value)}";
            case SchemaKind.String or SchemaKind.Bytes or SchemaKind.Time or SchemaKind.MicroTime:
                return value is null or JsonValue && (value is null || value.AsText() is not null) ? null : $"{path}: expected string, got {Shown(value)}";
            case SchemaKind.Boolean:
                return value is null || value.AsBool() is not null ? null : $"{path}: expected boolean, got {Shown(value)}";
            case SchemaKind.Integer or SchemaKind.Number:
                return value is null || value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? null : $"{path}: expected numeric (int or float), got {Shown(value)}";
            default:
                return value is null or JsonValue ? null : $"{path}: expected untyped scalar, got {Shown(value)}";
        }
    }

    private static string? ListProblem(JsonArray list, Schema schema, string path)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            var inner = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (schema.ListType != ListType.Atomic)
            {
                if (FieldStep.Item(list[i], schema, out var missing) is not { } step)
                {
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path}: element {i}: associative list with keys has an element that omits key field \"{missing}\" (and doesn't have default value)");
                }

                inner = path + FieldStep.Describe(step);
                if (!seen.Add(step))
                {
                    return $"{path}: duplicate entries for key {FieldStep.Describe(step)}";
                }
            }

            if (schema.Items is not null && Problem(list[i], schema.Items, inner) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static string Shown(JsonNode value) => value switch
    {
        JsonObject or JsonArray => $"&{{{FieldStep.Compact(value)}}}",
        _ => $"&{{{value}}}",
    };
}
