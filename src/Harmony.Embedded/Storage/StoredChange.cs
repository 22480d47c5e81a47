using Harmony.Embedded.Api;

namespace Harmony.Embedded.Storage;

/// <summary>One change as the store committed it.</summary>
/// <param name="Revision">The revision that the change made.</param>
/// <param name="Object">The object after the change; for a deletion the object as it was last, with the deletion's revision.</param>
/// <param name="Previous">The object before the change; null for a creation.</param>
public sealed record StoredChange(WatchEventType Type, long Revision, StoredObject Object, StoredObject? Previous);
