namespace Harmony.Platform.Locks;

public enum LockError
{
    /// <summary>Another process, or another part of this one, holds it.</summary>
    Held,

    /// <summary>The lock file cannot be made here.</summary>
    NotPossible,
}

/// <summary>A lock could not be had.</summary>
public sealed class LockException(LockError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public LockError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => Code == LockError.Held ? 4 : 3;
}
