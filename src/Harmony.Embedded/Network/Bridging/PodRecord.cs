using System.Net;

namespace Harmony.Embedded.Network.Bridging;

/// <summary>
/// A pod's place on the network, written down as the name of one file, <c>{uid}@{address}</c>, which is also where its namespace is mounted:
/// what a restarted process finds is never half written. A pod inside this process has no namespace; its file ends in <c>.inprocess</c>.
/// </summary>
internal sealed record PodRecord(string Uid, IPAddress Address, bool InProcess)
{
    private const string InProcessSuffix = ".inprocess";

    public string FileName => $"{Uid}@{Address}{(InProcess ? InProcessSuffix : "")}";

    /// <summary>A uid becomes part of a path: nothing but letters, digits, dots and dashes.</summary>
    public static bool IsUid(string text) => text.Length is > 0 and <= 128 && text[0] != '.' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    public static PodRecord? Parse(string fileName)
    {
        var inProcess = fileName.EndsWith(InProcessSuffix, StringComparison.Ordinal);
        var text = inProcess ? fileName[..^InProcessSuffix.Length] : fileName;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && IsUid(text[..at]) && IPAddress.TryParse(text.AsSpan(at + 1), out var address) ? new(text[..at], address, inProcess) : null;
    }
}
