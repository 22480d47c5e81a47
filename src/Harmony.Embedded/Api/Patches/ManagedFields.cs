using System.Text.Json.Nodes;
using Harmony.Embedded.Api.Schemas;

namespace Harmony.Embedded.Api.Patches;

/// <summary>Keeps <c>metadata.managedFields</c>: who owns which fields of an object.</summary>
public static partial class ManagedFields
{
    /// <summary>
    /// Records a create, update or patch other than apply: the owner gets the fields that it changed, all others lose them. Call it after
    /// defaulting and before admission. What the request itself says in managedFields is ignored, except an empty list, which resets.
    /// </summary>
    /// <param name="old">The stored object; null on create.</param>
    /// <param name="updated">The object to be stored; its managedFields are set.</param>
    /// <param name="owner">Who does it.</param>
    /// <param name="schema">The type of the object.</param>
    public static void RecordUpdate(JsonObject? old, JsonObject updated, FieldOwner owner, Schema schema)
    {
    }
}
