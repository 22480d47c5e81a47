using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

/// <summary>Keeps <c>metadata.managedFields</c>: who owns which fields of an object.</summary>
public static class ManagedFields
{
    /// <summary>More Update entries than this are put together, the oldest first, as kube-apiserver does.</summary>
    private const int MaxUpdateManagers = 10;

    /// <summary>What the API itself keeps in metadata, so that nobody owns it.</summary>
    private static readonly string[] Unowned =
        ["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"];

    /// <summary>
    /// Records a create, update or patch other than apply: the owner gets the fields that it changed, all others lose them. Call it after
    /// defaulting and before admission. What the request says in managedFields counts, so that clients can hand fields over; an empty list does
    /// not, so that those who do not know of it cannot lose it; a list of one empty entry resets.
    /// </summary>
    /// <param name="old">The stored object; null on create.</param>
    /// <param name="updated">The object to be stored; its managedFields are set.</param>
    /// <param name="owner">Who does it.</param>
    /// <param name="schema">The type of the object.</param>
    public static void RecordUpdate(JsonObject? old, JsonObject updated, FieldOwner owner, Schema schema)
    {
        var given = updated.At("metadata", "managedFields");
        if (IsReset(given))
        {
            updated.Metadata.Remove("managedFields");
            return;
        }

        var entries = Read(old is null || (owner.Subresource is null && given is JsonArray { Count: > 0 }) ? updated : old);
        if (old is not null && entries.Count == 0)
        {
            // An object whose ownership was never kept stays so until somebody applies.
            updated.Metadata.Remove("managedFields");
            return;
        }

        if (old is null)
        {
            entries.Clear();
        }

        var changes = FieldSets.Compare(old, updated, schema);
        var written = Strip(changes.Written, owner);
        var removed = Strip(changes.Removed, owner);
        foreach (var entry in entries)
        {
            var taken = entry.IsSame(owner, "Update") ? removed : written.Union(removed);
            entry.Fields = entry.Fields.Except(taken);
        }

        if (!written.IsEmpty)
        {
            var mine = entries.Find(e => e.IsSame(owner, "Update"));
            if (mine is null)
            {
                entries.Add(mine = new(owner.Manager, "Update", owner.ApiVersion, owner.Subresource));
            }

            mine.Fields = mine.Fields.Union(written);
            // kube-apiserver keeps no time for changes through scale.
            mine.Time = owner.Subresource == "scale" ? null : Timestamps.Format(owner.Now);
        }

        Write(updated, Bound(entries));
    }

    /// <summary>
    /// Whether two states of an object are the same but for the times in managedFields. An apply makes its own entry anew wherever the merge had
    /// something to do, and what it did may be undone by defaults (an atomic list of claim templates) or by the kind (a Secret's stringData).
    /// </summary>
    public static bool DifferOnlyInTime(JsonObject one, JsonObject other)
    {
        return JsonNode.DeepEquals(Untimed(one), Untimed(other));

        static JsonObject Untimed(JsonObject obj)
        {
            var copy = obj.DeepClone().AsObject();
            if (copy.At("metadata", "managedFields") is JsonArray entries)
            {
                // Entries are in the order of their times.
                var ordered = entries.OfType<JsonObject>().OrderBy(e => e.Text("manager"), StringComparer.Ordinal).ThenBy(e => e.Text("operation"), StringComparer.Ordinal)
                    .ThenBy(e => e.Text("subresource"), StringComparer.Ordinal).ThenBy(e => e.Text("apiVersion"), StringComparer.Ordinal).ToArray();
                entries.Clear();
                foreach (var entry in ordered)
                {
                    entry.Remove("time");
                    entries.Add((JsonNode)entry);
                }
            }

            return copy;
        }
    }

    internal static List<ManagedFieldsEntry> Read(JsonObject? obj) =>
        [.. (obj.At("metadata", "managedFields")).Objects().Select(ManagedFieldsEntry.Parse)];

    internal static void Write(JsonObject obj, IEnumerable<ManagedFieldsEntry> entries)
    {
        var list = new JsonArray();
        foreach (var entry in entries.Where(e => !e.Fields.IsEmpty)
            .OrderBy(e => e.Operation, StringComparer.Ordinal).ThenBy(e => e.Time ?? "", StringComparer.Ordinal).ThenBy(e => e.Manager, StringComparer.Ordinal)
            .ThenBy(e => e.ApiVersion, StringComparer.Ordinal).ThenBy(e => e.Subresource ?? "", StringComparer.Ordinal))
        {
            list.Add((JsonNode)entry.ToJson());
        }

        if (list.Count == 0)
        {
            obj.Metadata.Remove("managedFields");
        }
        else
        {
            obj.Metadata["managedFields"] = list;
        }
    }

    /// <summary>Leaves out what cannot be owned, and what this door cannot write.</summary>
    internal static FieldSet Strip(FieldSet set, FieldOwner owner)
    {
        set.Remove("f:apiVersion");
        set.Remove("f:kind");
        foreach (var name in Unowned)
        {
            set.Remove("f:metadata", FieldStep.Field(name));
        }

        if (owner is { HasStatus: true, Subresource: null })
        {
            set.Remove("f:status");
        }
        else if (owner.Subresource == "status")
        {
            set.Remove("f:spec");
        }

        set.Find("f:metadata")?.Forget();
        return set;
    }

    private static bool IsReset(JsonNode? given) =>
        given is JsonArray { Count: 1 } one && one[0] is JsonObject { Count: 0 };

    private static List<ManagedFieldsEntry> Bound(List<ManagedFieldsEntry> entries)
    {
        var updates = entries.Where(e => e is { Operation: "Update", Fields.IsEmpty: false }).OrderBy(e => e.Time ?? "", StringComparer.Ordinal).ToList();
        if (updates.Count <= MaxUpdateManagers)
        {
            return entries;
        }

        foreach (var version in updates.Take(updates.Count - MaxUpdateManagers + 1).GroupBy(e => e.ApiVersion, StringComparer.Ordinal))
        {
            var ancient = new ManagedFieldsEntry("ancient-changes", "Update", version.Key, null);
            foreach (var entry in version)
            {
                ancient.Fields = ancient.Fields.Union(entry.Fields);
                ancient.Time = entry.Time;
                entries.Remove(entry);
            }

            entries.Add(ancient);
        }

        return entries;
    }
}
