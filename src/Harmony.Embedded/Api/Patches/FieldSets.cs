using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>What differs between two objects, as sets of paths.</summary>
internal sealed record FieldChanges(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public FieldSet Written => Added.Union(Modified);
}

/// <summary>Computes sets of paths from objects, by their schema.</summary>
internal static class FieldSets
{
    /// <summary>All that an applied configuration gives.</summary>
    public static FieldSet Of(JsonNode? value, Schema schema)
    {
        var set = new FieldSet();
        Collect(value, schema, set);
        return set;
    }

    public static FieldChanges Compare(JsonObject? old, JsonObject updated, Schema schema)
    {
        var changes = new FieldChanges(new(), new(), new());
        Compare(old ?? Empty(schema), updated, true, true, schema, changes.Added, changes.Modified, changes.Removed);
        return changes;
    }

    /// <summary>Whether the value is owned as one, whatever lies in it.</summary>
    public static bool IsLeaf(JsonNode? value, Schema schema) => value switch
    {
        JsonObject => schema.Kind is SchemaKind.Any ? !schema.IsCustom || schema.IsAtomic : schema.IsAtomic || schema.Kind is not (SchemaKind.Object or SchemaKind.Map),
        JsonArray => schema.Kind != SchemaKind.List || schema.ListType == ListType.Atomic,
        _ => true,
    };

    /// <summary>The schema of a member; anything goes where the schema does not know it.</summary>
    public static Schema Member(Schema schema, string name) => schema.Field(name) ?? Unknown(schema);

    /// <summary>An object of the type as Go writes it when nothing was set: what a create is compared with.</summary>
    private static JsonObject Empty(Schema schema)
    {
        var result = new JsonObject();
        foreach (var (name, field) in schema.Properties)
        {
            if (field.AlwaysPresent)
            {
                result[name] = field.Kind switch
                {
                    SchemaKind.Object => field.IsAtomic ? new JsonObject() : Empty(field),
                    SchemaKind.String => "",
                    SchemaKind.Integer or SchemaKind.IntOrString => 0,
                    SchemaKind.Boolean => false,
                    SchemaKind.Quantity => "0",
                    _ => null,
                };
            }
        }

        return result;
    }

    private static Schema Unknown(Schema schema) => schema.IsCustom ? CustomAny : Schema.Any;

    // What a custom resource keeps without knowing it is owned field by field.
    private static readonly Schema CustomAny = new(SchemaKind.Any) { IsCustom = true, PreserveUnknownFields = true };

    private static void Collect(JsonNode? value, Schema schema, FieldSet set)
    {
        if (IsLeaf(value, schema))
        {
            set.Insert();
            return;
        }

        if (value is JsonObject obj)
        {
            foreach (var (name, member) in obj)
            {
                var below = set.Step(FieldStep.Field(name));
                Collect(member, Member(schema, name), below);
                if (member is null or JsonObject { Count: 0 } || !schema.Properties.ContainsKey(name))
                {
                    below.Insert();
                }
            }

            return;
        }

        foreach (var item in (JsonArray)value!)
        {
            if (FieldStep.Item(item, schema, out _) is { } step)
            {
                var below = set.Step(step);
                if (schema.ListType == ListType.Map)
                {
                    Collect(item, schema.Items!, below);
                }

                below.Insert();
            }
        }
    }

    private static void Compare(
        JsonNode? old, JsonNode? updated, bool hadOld, bool hasNew, Schema schema, FieldSet added, FieldSet modified, FieldSet removed)
    {
        var shape = updated ?? old;
        var bothEmpty = IsEmpty(old) && IsEmpty(updated);
        if (IsLeaf(shape, schema) || bothEmpty || (old is not null && updated is not null && old.GetValueKind() != updated.GetValueKind()))
        {
            Leaf(old, updated, hadOld, hasNew, added, modified, removed);
            return;
        }

        if (shape is JsonObject)
        {
            var before = old as JsonObject;
            var after = updated as JsonObject;
            foreach (var name in (before ?? []).Select(p => p.Key).Union((after ?? []).Select(p => p.Key), StringComparer.Ordinal))
            {
                JsonNode? oldValue = null;
                JsonNode? newValue = null;
                var had = before is not null && before.TryGetPropertyValue(name, out oldValue);
                var has = after is not null && after.TryGetPropertyValue(name, out newValue);
                var step = FieldStep.Field(name);
                Compare(oldValue, newValue, had, has, Member(schema, name), added.Step(step), modified.Step(step), removed.Step(step));
            }
        }
        else
        {
            var before = Items(old, schema);
            var after = Items(updated, schema);
            foreach (var step in before.Keys.Union(after.Keys, StringComparer.Ordinal))
            {
                var had = before.TryGetValue(step, out var oldValue);
                var has = after.TryGetValue(step, out var newValue);
                if (schema.ListType == ListType.Map)
                {
                    Compare(oldValue, newValue, had, has, schema.Items!, added.Step(step), modified.Step(step), removed.Step(step));
                }
                else
                {
                    Leaf(oldValue, newValue, had, has, added.Step(step), modified.Step(step), removed.Step(step));
                }
            }
        }

        // Something that was not there at all is itself a change, beside what lies in it.
        if (!hadOld)
        {
            added.Insert();
        }
        else if (!hasNew)
        {
            removed.Insert();
        }
    }

    private static void Leaf(JsonNode? old, JsonNode? updated, bool hadOld, bool hasNew, FieldSet added, FieldSet modified, FieldSet removed)
    {
        if (!hadOld)
        {
            added.Insert();
        }
        else if (!hasNew)
        {
            removed.Insert();
        }
        else if (!JsonNode.DeepEquals(old, updated))
        {
            modified.Insert();
        }
    }

    private static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static Dictionary<string, JsonNode?> Items(JsonNode? list, Schema schema)
    {
        var result = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list as JsonArray ?? [])
        {
            if (FieldStep.Item(item, schema, out _) is { } step)
            {
                result.TryAdd(step, item);
            }
        }

        return result;
    }
}
