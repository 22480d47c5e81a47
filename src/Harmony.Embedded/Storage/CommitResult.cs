namespace Harmony.Embedded.Storage;

/// <summary>What became of a write.</summary>
/// <param name="Committed">Whether it is in the database; false where the object was not at the revision that the writer expected.</param>
/// <param name="Object">The object as stored now: what was written, what was deleted (with the deletion's revision), or what stood in the way (null for none).</param>
public readonly record struct CommitResult(bool Committed, StoredObject? Object);
