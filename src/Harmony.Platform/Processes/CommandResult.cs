namespace Harmony.Platform.Processes;

/// <summary>How a program ended. A program killed by signal N has exit code 128 + N.</summary>
public sealed record CommandResult(Command Command, int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;
}
