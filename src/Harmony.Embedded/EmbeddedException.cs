using Harmony.Platform;

namespace Harmony.Embedded;

public enum EmbeddedError
{
    /// <summary>Another process serves this data folder.</summary>
    AlreadyRunning,

    /// <summary>The database cannot be read.</summary>
    DatabaseDamaged,

    /// <summary>The database was written by a newer harmony.</summary>
    DatabaseTooNew,

    /// <summary>The database cannot be opened or written (permissions, a full disk).</summary>
    DatabaseUnavailable,

    /// <summary>Keys and certificates cannot be read or made.</summary>
    Certificates,

    /// <summary>No port can be served on.</summary>
    CannotListen,
}

/// <summary>The embedded runtime cannot start or go on.</summary>
public sealed class EmbeddedException(EmbeddedError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public EmbeddedError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => 3;
}
