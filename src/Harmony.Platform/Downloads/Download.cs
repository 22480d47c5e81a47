using System.Runtime.InteropServices;

namespace Harmony.Platform.Downloads;

/// <summary>A file to fetch.</summary>
/// <param name="Source">Its address, before mirrors.</param>
/// <param name="Destination">Where it is put once it is whole and verified. What came so far waits beside it in <c>.partial</c>.</param>
/// <param name="Sha256">The checksum that it must have, in hexadecimal.</param>
public sealed record Download(Uri Source, string Destination, string Sha256)
{
    /// <summary>More bytes than this are refused.</summary>
    public long MaxBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Whether it becomes executable, after its checksum has been verified.</summary>
    public bool Executable { get; init; }
}

/// <summary>How far a download has come, in bytes; the total is null where the server does not tell.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DownloadProgress(long Received, long? Total);

/// <summary>How downloads behave.</summary>
public sealed record DownloadSettings
{
    /// <summary>A connection on which nothing comes for this long is given up, and tried anew.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request that failed for a passing reason is repeated.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The pause before the first repetition; each further one is twice as long.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    public IReadOnlyList<Mirror> Mirrors { get; init; } = [];
}

/// <summary>Another place for all addresses that start alike.</summary>
/// <param name="Prefix">What the addresses start with, such as <c>https://github.com/</c>.</param>
/// <param name="Replacement">What stands there instead.</param>
public sealed record Mirror(string Prefix, string Replacement)
{
    /// <summary>The address at the first mirror that has it; unchanged where none does.</summary>
    public static Uri Rewrite(Uri address, IReadOnlyList<Mirror> mirrors)
    {
        var text = address.AbsoluteUri;
        var mirror = mirrors.FirstOrDefault(m => text.StartsWith(m.Prefix, StringComparison.OrdinalIgnoreCase));
        return mirror is null ? address : new Uri(mirror.Replacement.TrimEnd('/') + "/" + text[mirror.Prefix.Length..].TrimStart('/'));
    }
}
