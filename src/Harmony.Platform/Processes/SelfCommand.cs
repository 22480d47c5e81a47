namespace Harmony.Platform.Processes;

/// <summary>How to run this same program again, with other arguments.</summary>
public static class SelfCommand
{
    /// <exception cref="ProcessException">The system does not tell which program this is.</exception>
    public static Command Of(params ReadOnlySpan<string> arguments) => Create(Environment.ProcessPath, Environment.GetCommandLineArgs()).With(arguments);

    /// <summary>The published binary and the build's own host are run as they are; under <c>dotnet</c> the entry assembly comes first.</summary>
    internal static Command Create(string? program, IReadOnlyList<string> commandLine)
    {
        if (program is null)
        {
            throw new ProcessException(ProcessError.NotFound, "This system does not tell where harmony's own program is, so its background process cannot be started.");
        }

        var isHost = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return isHost && commandLine.Count > 0 ? Command.Of(program, Path.GetFullPath(commandLine[0])) : Command.Of(program);
    }
}
