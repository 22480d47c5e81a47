namespace Harmony.Platform.Downloads;

public enum DownloadError
{
    /// <summary>The server has no such file (404, 410).</summary>
    NotFound,

    /// <summary>The server, or the proxy, does not let us have it (401, 403, 407 and other answers).</summary>
    Refused,

    /// <summary>No connection: name unknown, refused, timed out, broken off; or the server failed (5xx).</summary>
    Unreachable,

    /// <summary>Connected, but nothing came for too long.</summary>
    Stalled,

    /// <summary>The server's certificate is not trusted.</summary>
    Untrusted,

    /// <summary>More bytes than allowed.</summary>
    TooLarge,

    /// <summary>What came is not what was expected.</summary>
    ChecksumMismatch,

    /// <summary>It could not be written.</summary>
    Disk,
}

/// <summary>A file could not be downloaded. Nothing of it is left where it was to be.</summary>
public sealed class DownloadException(DownloadError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public DownloadError Code { get; } = code;

    public override string CodeName => Code.ToString();

    public override int ExitCode => 3;

    /// <summary>Whether the same request may go well a moment later.</summary>
    internal bool IsTransient { get; init; }

    /// <summary>How long the server asks to wait; null where it does not.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}
