namespace Harmony.Platform.Processes;

public enum ProcessError
{
    NotFound,
    NotExecutable,
    Failed,
    TimedOut,
}

/// <summary>A program could not be started, or failed.</summary>
public sealed class ProcessException(ProcessError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public ProcessError Code { get; } = code;

    /// <summary>The result of the failed program; null where it never started.</summary>
    public CommandResult? Result { get; init; }

    public override string CodeName => Code.ToString();
}
