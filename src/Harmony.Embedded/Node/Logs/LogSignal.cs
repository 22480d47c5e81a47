using System.Collections.Concurrent;

namespace Harmony.Embedded.Node.Logs;

/// <summary>Tells those who follow a log file that it has grown or ended, so that nobody has to look again and again.</summary>
internal static class LogSignal
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Waiting = new(StringComparer.Ordinal);

    public static void Raise(string path)
    {
        if (Waiting.TryRemove(path, out var source))
        {
            source.TrySetResult();
        }
    }

    /// <summary>The next growth. Ask for it before reading, so that nothing is missed in between.</summary>
    public static Task Next(string path) =>
        Waiting.GetOrAdd(path, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
