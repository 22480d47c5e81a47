using System.Text;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Logs;
using Harmony.Platform.Files;

namespace Harmony.Embedded.Node.Pods;

/// <summary>A container's last words: from its terminationMessagePath, else, where its policy says so and it failed, the end of its log.</summary>
internal static class TerminationMessage
{
    private const int Longest = 4096;
    private const int LongestFromLog = 2048;
    private const int MostLogLines = 80;

    public static async Task<string?> ReadAsync(string file, string? policy, ContainerExit exit, string log, CriLogReader logs, CancellationToken cancellation)
    {
        try
        {
            if (Disk.IsOrdinaryFile(file))
            {
                var bytes = Disk.ReadBytes(file, Longest);
                if (bytes.Length > 0)
                {
                    return Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, Longest)));
                }
            }

            if (policy == "FallbackToLogsOnError" && exit.ExitCode != 0)
            {
                var tail = await logs.TailAsync(log, MostLogLines, LongestFromLog, cancellation);
                return tail.Length > 0 ? tail : null;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"Error on reading termination message from logs: {e.Message}";
        }

        return null;
    }
}
