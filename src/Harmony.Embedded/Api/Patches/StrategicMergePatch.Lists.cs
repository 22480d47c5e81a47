using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

public static partial class StrategicMergePatch
{
    private static JsonArray MergeLists(JsonArray original, JsonArray patch, Schema schema)
    {
        if (patch.OfType<JsonObject>().Any(p => p.Text(Directive) == "replace"))
        {
            return WithoutDirectives(patch);
        }

        var before = original.Select(i => Identity(i, schema)).ToList();
        var items = original.Select((item, i) => (Key: before[i], Item: item?.DeepClone())).ToList();
        var given = new List<string>();
        foreach (var change in patch)
        {
            var key = Identity(change, schema);
            if (change is JsonObject obj && schema.PatchMergeKey is not null)
            {
                var at = items.FindIndex(i => i.Key == key);
                if (obj.Text(Directive) == "delete")
                {
                    items.RemoveAll(i => i.Key == key);
                    continue;
                }

                var merged = at >= 0 && items[at].Item is JsonObject old
                    ? Merge(old, obj.DeepClone().AsObject(), schema.Items ?? Schema.Any) ?? []
                    : WithoutDirectives(obj.DeepClone().AsObject()) ?? [];
                if (at >= 0)
                {
                    items[at] = (key, merged);
                }
                else
                {
                    items.Add((key, merged));
                }
            }
            else if (!items.Exists(i => i.Key == key))
            {
                items.Add((key, change?.DeepClone()));
            }

            given.Add(key);
        }

        var result = new JsonArray();
        foreach (var (_, item) in items)
        {
            result.Add(item);
        }

        return Arrange(result, given, before, schema);
    }

    /// <summary>
    /// Puts the items of the patch in its order and weaves in those that only the server has: one of them comes first only where it stood before
    /// the next item of the patch already.
    /// </summary>
    private static JsonArray Arrange(JsonArray merged, List<string> wanted, List<string> before, Schema schema)
    {
        var items = merged.Select(i => (Key: Identity(i, schema), Item: i)).ToList();
        var ours = items.Where(i => wanted.Contains(i.Key, StringComparer.Ordinal)).OrderBy(i => wanted.IndexOf(i.Key)).ToList();
        var theirs = items.Where(i => !wanted.Contains(i.Key, StringComparer.Ordinal)).OrderBy(i => before.IndexOf(i.Key)).ToList();
        var result = new JsonArray();
        int left = 0, right = 0;
        while (left < theirs.Count || right < ours.Count)
        {
            var fromServer = right >= ours.Count;
            if (!fromServer && left < theirs.Count)
            {
                int l = before.IndexOf(theirs[left].Key), r = before.IndexOf(ours[right].Key);
                fromServer = l >= 0 && r >= 0 && l < r;
            }

            result.Add((fromServer ? theirs[left++] : ours[right++]).Item?.DeepClone());
        }

        return result;
    }

    /// <summary>What tells an item apart: the value of its merge key, or itself.</summary>
    private static string Identity(JsonNode? item, Schema schema)
    {
        if (schema.PatchMergeKey is not { } key || item is not JsonObject obj)
        {
            return FieldStep.Compact(item);
        }

        return obj.TryGetPropertyValue(key, out var value)
            ? FieldStep.Compact(value)
            : throw new ApiException(500, "InternalError", $"map: {FieldStep.Compact(item)} does not contain declared merge key: {key}");
    }
}
