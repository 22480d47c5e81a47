using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

/// <summary>
/// Kubernetes' own merge: lists of objects merge by key, with directives to delete, replace and order. Source:
/// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md.
/// </summary>
public static partial class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFrom = "$deleteFromPrimitiveList/";
    private const string ElementOrder = "$setElementOrder/";

    /// <summary>Applies the patch to a copy and returns it.</summary>
    /// <exception cref="ApiException">400 or 500: the patch does not fit the type, in kube-apiserver's words.</exception>
    public static JsonObject Apply(JsonObject target, JsonObject patch, Schema schema) =>
        Merge(target.DeepClone().AsObject(), patch.DeepClone().AsObject(), schema) ?? [];

    /// <summary>Merges into <paramref name="original"/>, using up <paramref name="patch"/>; null where the patch deletes the object.</summary>
    private static JsonObject? Merge(JsonObject original, JsonObject patch, Schema schema)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                patch.Remove(Directive);
                return WithoutDirectives(patch);
            case "delete":
                return null;
            case "merge":
                patch.Remove(Directive);
                break;
            case { } other:
                throw Refusals.BadRequest($"unknown patch type found in: map[$patch:{other}]");
        }

        Retain(original, patch);
        Delete(original, patch);
        Order(original, patch, schema);
        foreach (var (name, value) in patch.ToList())
        {
            patch.Remove(name);
            if (value is null)
            {
                original.Remove(name);
                continue;
            }

            var field = schema.Field(name) ?? Schema.Any;
            original[name] = (original[name], value) switch
            {
                (JsonObject old, JsonObject given) when !field.PatchStrategy.Contains("replace", StringComparer.Ordinal) => Take(original, name, Merge(old, given, field)),
                (JsonArray old, JsonArray given) when field.PatchStrategy.Contains("merge", StringComparer.Ordinal) => Take(original, name, MergeLists(old, given, field)),
                (_, JsonObject given) => WithoutDirectives(given),
                (_, JsonArray given) => WithoutDirectives(given),
                _ => value,
            };
            if (original[name] is null)
            {
                original.Remove(name);
            }
        }

        return original;
    }

    /// <summary>Detaches what stands under the name, so that the result can be put there.</summary>
    private static T? Take<T>(JsonObject owner, string name, T? result)
        where T : JsonNode
    {
        owner.Remove(name);
        return result;
    }

    private static void Retain(JsonObject original, JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(RetainKeys, out var given))
        {
            return;
        }

        patch.Remove(RetainKeys);
        if (given is not JsonArray list || list.Any(k => k.AsText() is null))
        {
            throw Refusals.BadRequest("invalid patch format of retainKeys");
        }

        var keys = list.Select(k => k.AsText()!).ToHashSet(StringComparer.Ordinal);
        if (patch.FirstOrDefault(p => p.Value is not null && p.Key[0] != '$' && !keys.Contains(p.Key)).Key is not null)
        {
            throw Refusals.BadRequest("invalid patch format of retainKeys");
        }

        foreach (var name in original.Select(p => p.Key).Where(k => !keys.Contains(k)).ToList())
        {
            original.Remove(name);
        }
    }

    private static void Delete(JsonObject original, JsonObject patch)
    {
        foreach (var (key, value) in patch.Where(p => p.Key.StartsWith(DeleteFrom, StringComparison.Ordinal)).ToList())
        {
            patch.Remove(key);
            if (value is not JsonArray gone)
            {
                throw Refusals.BadRequest("invalid patch format of primitive list");
            }

            if (original[key[DeleteFrom.Length..]] is JsonArray list)
            {
                for (var i = list.Count - 1; i >= 0; i--)
                {
                    if (gone.Any(g => JsonNode.DeepEquals(g, list[i])))
                    {
                        list.RemoveAt(i);
                    }
                }
            }
        }
    }

    private static void Order(JsonObject original, JsonObject patch, Schema schema)
    {
        foreach (var (key, value) in patch.Where(p => p.Key.StartsWith(ElementOrder, StringComparison.Ordinal)).ToList())
        {
            patch.Remove(key);
            if (value is not JsonArray order)
            {
                throw Refusals.BadRequest("invalid patch format of setElementOrder list");
            }

            var name = key[ElementOrder.Length..];
            var field = schema.Field(name) ?? Schema.Any;
            var given = patch[name] as JsonArray;
            patch.Remove(name);
            if (original[name] is not JsonArray list)
            {
                if (given is not null)
                {
                    original[name] = WithoutDirectives(given);
                }

                continue;
            }

            var before = list.Select(i => Identity(i, field)).ToList();
            var merged = given is null ? list : MergeLists(list, given, field);
            var wanted = order.Select(i => Identity(i, field)).ToList();
            original[name] = null;
            original[name] = Arrange(merged, wanted, before, field);
        }
    }

    /// <summary>A part of the patch that meets nothing in the object. With a directive there is nothing for it to direct: it goes.</summary>
    private static JsonObject? WithoutDirectives(JsonObject patch)
    {
        if (patch.ContainsKey(Directive))
        {
            return null;
        }

        foreach (var (name, value) in patch.ToList())
        {
            var kept = name == RetainKeys || name.StartsWith(DeleteFrom, StringComparison.Ordinal) || name.StartsWith(ElementOrder, StringComparison.Ordinal) ? null
                : value switch
                {
                    JsonObject inner => WithoutDirectives(inner),
                    JsonArray list => WithoutDirectives(list),
                    _ => value,
                };
            if (kept is null)
            {
                patch.Remove(name);
            }
            else if (!ReferenceEquals(kept, value))
            {
                patch[name] = kept;
            }
        }

        return patch;
    }

    private static JsonArray WithoutDirectives(JsonArray list)
    {
        var result = new JsonArray();
        foreach (var item in list)
        {
            if (item is not JsonObject obj)
            {
                result.Add(item?.DeepClone());
            }
            else if (WithoutDirectives(obj.DeepClone().AsObject()) is { } kept)
            {
                result.Add((JsonNode)kept);
            }
        }

        return result;
    }
}
