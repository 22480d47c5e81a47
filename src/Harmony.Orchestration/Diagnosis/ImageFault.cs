using System.Text.RegularExpressions;

namespace Harmony.Orchestration.Diagnosis;

/// <summary>
/// Reads the cause out of what kubelets and container runtimes say about a failed pull. The same fault is worded differently by versions of
/// containerd, CRI-O and the registries, so each cause has the words of all of them.
/// </summary>
internal static partial class ImageFault
{
    public static FindingCode Classify(string reason, string message) => ClassifyWords(reason, Names().Replace(message, " "));

    private static FindingCode ClassifyWords(string reason, string message) => reason switch
    {
        "InvalidImageName" => FindingCode.ImageNameInvalid,
        "ErrImageNeverPull" => FindingCode.ImageNotOnNode,
        _ when RateLimited().IsMatch(message) => FindingCode.ImageRateLimited,
        _ when Untrusted().IsMatch(message) => FindingCode.RegistryUntrusted,
        _ when WrongPlatform().IsMatch(message) => FindingCode.ImageWrongPlatform,
        _ when Unreachable().IsMatch(message) => FindingCode.RegistryUnreachable,
        _ when Denied().IsMatch(message) => FindingCode.ImageAccessDenied,
        _ when NotFound().IsMatch(message) => FindingCode.ImageNotFound,
        _ => FindingCode.ImagePullFailed,
    };

    /// <summary>Digests and ports: their digits are no status codes.</summary>
    [GeneratedRegex("[0-9a-f]{32,}|:[0-9]{1,5}(?![0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex Names();

    [GeneratedRegex("toomanyrequests|429|rate limit", RegexOptions.IgnoreCase)]
    private static partial Regex RateLimited();

    [GeneratedRegex("x509:|certificate", RegexOptions.IgnoreCase)]
    private static partial Regex Untrusted();

    [GeneratedRegex("no match for platform|no child with platform|image operating system", RegexOptions.IgnoreCase)]
    private static partial Regex WrongPlatform();

    [GeneratedRegex("no such host|connection refused|no route to host|i/o timeout|network is unreachable|deadline exceeded|TLS handshake timeout|: EOF|5\\d\\d [A-Z]|status: 5\\d\\d|server misbehaving|Temporary failure in name resolution", RegexOptions.IgnoreCase)]
    private static partial Regex Unreachable();

    [GeneratedRegex("insufficient_scope|unauthorized|authentication required|access denied|denied|forbidden|40[13]", RegexOptions.IgnoreCase)]
    private static partial Regex Denied();

    [GeneratedRegex("not found|manifest unknown|404|name unknown", RegexOptions.IgnoreCase)]
    private static partial Regex NotFound();
}
