using System.Globalization;

namespace Harmony.Platform.Locks;

/// <summary>Who holds a lock, and what for.</summary>
public sealed record LockHolder(int ProcessId, string Purpose)
{
    /// <summary>Reads the note in a lock file; null where it cannot be read, or just being written.</summary>
    internal static LockHolder? Parse(string note) =>
        note.Split('\n') is [var id, var purpose, ..] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(number, purpose) : null;
}
