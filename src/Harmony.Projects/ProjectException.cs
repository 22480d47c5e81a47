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

    /// <summary>An error at a place in one of the project's files.</summary>
    /// <param name="code">What is wrong.</param>
    /// <param name="location">The file as it is shown, and the line.</param>
    /// <param name="message">A sentence without its full stop.</param>
    /// <param name="hint">What to do.</param>
    /// <param name="inner">The cause.</param>
    public static ProjectException At(ProjectError code, SourceLocation location, string message, string? hint = null, Exception? inner = null) =>
        new(code, $"{location}: {message}.", hint, inner) { Location = location };

    public override string CodeName => Code.ToString();

    public override int ExitCode => 2;
}
