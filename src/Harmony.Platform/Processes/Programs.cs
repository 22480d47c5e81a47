namespace Harmony.Platform.Processes;

/// <summary>
/// Finds programs on PATH, and only there: never in the current folder, which may be a stranger's project.
/// </summary>
public static class Programs
{
    /// <summary>The program's full path; null where PATH has none. A name with a folder in it is taken as it is, if it exists.</summary>
    public static string? Find(string name) => Find(name, Environment.GetEnvironmentVariable);

    internal static string? Find(string name, Func<string, string?> environment)
    {
        if (Path.GetFileName(name) != name)
        {
            return Variants(name, environment).Select(Path.GetFullPath).FirstOrDefault(File.Exists);
        }

        var folders = (environment("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return folders
            .Where(Path.IsPathFullyQualified)
            .SelectMany(folder => Variants(Path.Combine(folder, name), environment))
            .FirstOrDefault(IsExecutable);
    }

    private static IEnumerable<string> Variants(string path, Func<string, string?> environment)
    {
        if (!OperatingSystem.IsWindows() || Path.HasExtension(path))
        {
            return [path];
        }

        return (environment("PATHEXT") ?? ".EXE;.CMD;.BAT").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(extension => path + extension);
    }

    private static bool IsExecutable(string path)
    {
        const UnixFileMode anybody = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & anybody) != UnixFileMode.None);
    }
}
