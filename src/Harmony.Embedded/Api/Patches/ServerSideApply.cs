using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Api.Patches;

/// <summary>The apply patch: the object comes to have what the manager gives, and loses what only this manager gave before.</summary>
public static partial class ServerSideApply
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>
    /// Merges <paramref name="applied"/> (as sent, neither decoded nor defaulted) into a copy of <paramref name="live"/>, with managedFields kept. The
    /// result is still to be decoded, defaulted, validated, and stored only if it differs from what is stored.
    /// </summary>
    /// <param name="live">The stored object; null where the apply creates it.</param>
    /// <param name="applied">What the manager gives.</param>
    /// <param name="owner">Who does it.</param>
    /// <param name="force">Whether fields of other managers are taken over; otherwise they are a conflict.</param>
    /// <param name="schema">The type of the object.</param>
    /// <exception cref="ApiException">409 with the conflicts as causes; 400 or 500 for an object that does not fit the schema, in kube's words.</exception>
    public static JsonObject Apply(JsonObject? live, JsonObject applied, FieldOwner owner, bool force, Schema schema)
    {
        if (applied.At("metadata", "managedFields") is not null)
        {
            throw Refusals.BadRequest("metadata.managedFields must be nil");
        }

        Check(applied, schema);
        var entries = ManagedFields.Read(live);
        if (live is not null && entries.Count == 0)
        {
            // Ownership was not kept until now: all that is there belongs to those before.
            var before = new ManagedFieldsEntry("before-first-apply", "Update", owner.ApiVersion, null) { Time = Timestamps.Format(owner.Now) };
            before.Fields = ManagedFields.Strip(FieldSets.Of(live, schema), owner with { HasStatus = true });
            entries.Add(before);
        }

        var mine = entries.Find(e => e.IsSame(owner, "Apply"));
        var last = mine?.Fields ?? new FieldSet();
        var given = ManagedFields.Strip(FieldSets.Of(applied, schema), owner);
        if (owner.Manager == "kubectl")
        {
            AdoptClientSideApply(live, entries, given);
        }

        var merged = live is null ? applied.DeepClone().AsObject() : MergeObjects(live, applied, schema);
        if (live is not null && owner.Subresource is null && owner.HasStatus)
        {
            Restore(merged, live, "status");
        }

        merged.Metadata.Remove("managedFields");
        var others = entries.Where(e => e != mine).ToList();
        var owned = others.Aggregate(given, (set, e) => set.Union(e.Fields));
        Prune(merged, schema, last, owned);
        var changes = FieldSets.Compare(WithoutManagedFields(live), merged, schema);
        var written = changes.Written;
        var conflicts = others.Select(e => (Entry: e, Fields: e.Fields.Intersect(written))).Where(c => !c.Fields.IsEmpty).ToList();
        if (conflicts.Count > 0 && !force)
        {
            throw Conflict(conflicts);
        }

        foreach (var (entry, fields) in conflicts)
        {
            entry.Fields = entry.Fields.Except(fields);
        }

        foreach (var entry in others)
        {
            entry.Fields = entry.Fields.Except(changes.Removed);
        }

        if (mine is null)
        {
            entries.Add(mine = new(owner.Manager, "Apply", owner.ApiVersion, owner.Subresource));
        }

        var changed = !written.IsEmpty || !changes.Removed.IsEmpty || conflicts.Count > 0 || !last.SetEquals(given) || mine.ApiVersion != owner.ApiVersion;
        mine.Fields = given;
        mine.ApiVersion = owner.ApiVersion;
        mine.Time = changed ? Timestamps.Format(owner.Now) : mine.Time;
        ManagedFields.Write(merged, entries);
        return merged;
    }

    /// <summary>
    /// What kubectl applied on the client's side it may take over without a conflict: fields that the annotation names, of those who updated.
    /// </summary>
    private static void AdoptClientSideApply(JsonObject? live, List<ManagedFieldsEntry> entries, FieldSet given)
    {
        if (live?.Annotation(LastApplied) is null)
        {
            return;
        }

        foreach (var entry in entries.Where(e => e is { Operation: "Update", Manager: "kubectl-client-side-apply" or "before-first-apply" }))
        {
            entry.Fields = entry.Fields.Except(given);
        }
    }

    private static JsonObject? WithoutManagedFields(JsonObject? live)
    {
        var copy = live?.DeepClone().AsObject();
        copy?.Metadata.Remove("managedFields");
        return copy;
    }

    private static void Restore(JsonObject merged, JsonObject live, string name)
    {
        if (live[name] is { } value)
        {
            merged[name] = value.DeepClone();
        }
        else
        {
            merged.Remove(name);
        }
    }

    private static ApiException Conflict(List<(ManagedFieldsEntry Entry, FieldSet Fields)> conflicts)
    {
        var causes = new JsonArray();
        var all = conflicts.SelectMany(c => c.Fields.Paths().Select(p => (Manager: c.Entry.Describe(), Path: p))).ToList();
        foreach (var (manager, path) in all)
        {
            causes.Add((JsonNode)new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {manager}", ["field"] = path });
        }

        var text = all.Count == 1
            ? $"1 conflict: conflict with {all[0].Manager}: {all[0].Path}"
            : $"{all.Count} conflicts: " + string.Join('\n', all.GroupBy(c => c.Manager, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .SelectMany(g => g.Select(c => $"- {c.Path}").Prepend($"conflicts with {g.Key}:")));
        return new(409, "Conflict", "Apply failed with " + text, new JsonObject { ["causes"] = causes });
    }
}
