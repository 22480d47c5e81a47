namespace Harmony.Platform;

/// <summary>
/// What every error that a user may see has in common. Each subsystem has one sealed type derived from this one, with a code enum of its own.
/// The message says what was being done and what went wrong; the hint says what to do about it; causes are inner exceptions, never concatenated.
/// </summary>
public abstract class HarmonyException(string message, string? hint, Exception? inner) : Exception(message, inner)
{
    /// <summary>The stable, documented word for this error, such as <c>ChecksumMismatch</c>.</summary>
    public abstract string CodeName { get; }

    /// <summary>What the user can do about it: one sentence, or a command to paste; null where nothing is known to help.</summary>
    public string? Hint { get; } = hint;

    /// <summary>The exit code that the command ends with: 1 the project does not work, 2 wrong usage, 3 this machine cannot, 4 timed out.</summary>
    public virtual int ExitCode => 1;
}
