namespace Harmony.Platform.Processes;

/// <summary>Runs programs to their end. Cancellation asks the program to stop, then, after a grace period, kills it with its children.</summary>
public interface ICommandRunner
{
    /// <summary>Runs the program and returns its result whatever the exit code.</summary>
    /// <exception cref="ProcessException">The program could not be started (not found, not executable).</exception>
    Task<CommandResult> TryRunAsync(Command command, CancellationToken cancellation);

    /// <summary>Runs the program and returns its result.</summary>
    /// <exception cref="ProcessException">It could not be started, or its exit code was not 0: the message has a line to paste and its output.</exception>
    Task<CommandResult> RunAsync(Command command, CancellationToken cancellation);
}
