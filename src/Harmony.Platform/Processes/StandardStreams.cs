namespace Harmony.Platform.Processes;

/// <summary>The streams that this process was given, for programs that have no terminal to speak to.</summary>
public static class StandardStreams
{
    /// <summary>Standard error: where a background process writes its log.</summary>
    public static TextWriter Error => Console.Error;
}
