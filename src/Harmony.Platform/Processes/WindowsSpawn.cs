using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;

namespace Harmony.Platform.Processes;

/// <summary>
/// Starts a background process on Windows: without a window, its output appended to a file by the command interpreter. Windows ends no
/// process because its parent ends, so nothing more is needed.
/// </summary>
[SupportedOSPlatform("windows")]
internal static class WindowsSpawn
{
    public static int Start(string program, Command command, string logFile)
    {
        var line = new StringBuilder();
        line.Append(Quote(program));
        foreach (var argument in command.Arguments)
        {
            line.Append(' ').Append(Quote(argument));
        }

        var start = new ProcessStartInfo
        {
            FileName = Environment.GetEnvironmentVariable("ComSpec") ?? "cmd.exe",
            Arguments = $"/d /s /c \"{line} >> {Quote(logFile)} 2>&1 < nul\"",
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetPathRoot(Environment.SystemDirectory) ?? "C:\\",
        };
        foreach (var (key, value) in command.Environment)
        {
            start.Environment[key] = value;
        }

        try
        {
            using var process = Process.Start(start)!;
            return process.Id;
        }
        catch (Win32Exception e)
        {
            throw new ProcessException(ProcessError.NotExecutable, $"'{program}' could not be started in the background.", inner: e);
        }
    }

    /// <summary>The command interpreter would expand or split at these even between quotes: such names are refused rather than guessed at.</summary>
    private static string Quote(string word) => word.AsSpan().IndexOfAny("\"%\r\n") >= 0
        ? throw new ProcessException(ProcessError.NotExecutable, $"'{word}' has characters that a background process cannot be given on Windows.", "Use a folder without quotes and percent signs in its name.")
        : $"\"{word}\"";
}
