using Harmony.Platform;

namespace Harmony.Projects;

public enum ProjectError
{
    NotFound,
    NothingToRun,
    Malformed,
    TooLarge,
    TooDeep,
    Duplicate,
    Invalid,
}

/// <summary>A project cannot be read. The message starts with the file and line, where there is one.</summary>
public sealed class ProjectException(ProjectError code, string message, string? hint = null, Exception? inner = null) : HarmonyException(message, hint, inner)
{
    public ProjectError Code { get; } = code;

    public SourceLocation? Location { get; init; }

    public override string CodeName => Code.ToString();

    public override int ExitCode => 2;
}
