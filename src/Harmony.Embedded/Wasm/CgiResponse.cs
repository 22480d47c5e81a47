using System.Globalization;
using System.Text;

namespace Harmony.Embedded.Wasm;

/// <summary>What a CGI program answers: header fields, an empty line, the body (RFC 3875, section 6).</summary>
internal sealed record CgiResponse(int Status, IReadOnlyList<(string Name, string Value)> Headers, ReadOnlyMemory<byte> Body)
{
    private const int LongestHead = 64 * 1024;

    // They belong to the connection, not to the answer.
    private static readonly HashSet<string> OfTheConnection = new(
        ["Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the program's output.</summary>
    /// <exception cref="FormatException">It is no CGI answer; the message says what is missing.</exception>
    public static CgiResponse Parse(ReadOnlyMemory<byte> output)
    {
        var status = 0;
        var headers = new List<(string, string)>();
        var rest = output;
        while (true)
        {
            var end = rest.Span[..Math.Min(rest.Length, LongestHead)].IndexOf((byte)'\n');
            if (end < 0 || output.Length - rest.Length > LongestHead)
            {
                throw new FormatException("its output has no empty line after the header fields");
            }

            var line = Encoding.Latin1.GetString(rest.Span[..end]).TrimEnd('\r');
            rest = rest[(end + 1)..];
            if (line.Length == 0)
            {
                break;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !line.AsSpan(0, colon).ContainsOnlyTokenCharacters())
            {
                throw new FormatException($"\"{Shorten(line)}\" is no header field");
            }

            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
            {
                if (!int.TryParse(value.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out status) || status is < 200 or > 599)
                {
                    throw new FormatException($"\"{Shorten(line)}\" is no status from 200 to 599");
                }
            }
            else if (!OfTheConnection.Contains(name) && value.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0)
            {
                headers.Add((name, value));
            }
        }

        bool Has(string name) => headers.Exists(h => h.Item1.Equals(name, StringComparison.OrdinalIgnoreCase));
        return status != 0 || Has("Content-Type") || Has("Location")
            ? new(status != 0 ? status : Has("Location") ? 302 : 200, headers, rest)
            : throw new FormatException("it has none of the header fields Content-Type, Location and Status");
    }

    private static string Shorten(string line) => line.Length > 80 ? line[..80] + "…" : line;
}

internal static class HeaderCharacters
{
    /// <summary>RFC 9110's token.</summary>
    public static bool ContainsOnlyTokenCharacters(this ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
