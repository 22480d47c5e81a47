using System.Text;
using System.Text.RegularExpressions;
using Harmony.Platform.Files;

namespace Harmony.Runtimes.Embedded;

/// <summary>Reads in the process' log why it failed.</summary>
internal static partial class EmbeddedLog
{
    private const int ReadBytes = 64 * 1024;
    private const int MostLines = 12;
    private const int LongestLine = 500;

    /// <summary>How long the log is now: what comes later is this start's.</summary>
    public static long Length(string path) => Disk.FileExists(path) ? Disk.Size(path) : 0;

    /// <summary>The last lines after this position that tell of errors; the last lines of any sort where none does; empty where there is nothing.</summary>
    public static string LastErrors(string path, long from)
    {
        var lines = Tail(path, from).Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0).ToList();
        var first = lines.FindIndex(l => ErrorLine().IsMatch(l));
        var telling = first < 0 ? lines : lines[first..];
        return string.Join('\n', telling.TakeLast(MostLines).Select(l => "  " + (l.Length > LongestLine ? l[..LongestLine] + "…" : l)));
    }

    private static string Tail(string path, long from)
    {
        try
        {
            using var stream = Disk.OpenRead(path);
            stream.Position = Math.Max(Math.Min(from, stream.Length), stream.Length - ReadBytes);
            var buffer = new byte[ReadBytes];
            return Encoding.UTF8.GetString(buffer, 0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex(@"\b(error|err|fail|failed|fatal|crit|critical|unhandled exception)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ErrorLine();
}
