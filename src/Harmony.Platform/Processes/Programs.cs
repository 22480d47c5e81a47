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

        return FindIn((environment("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), name, environment);
    }

    /// <summary>The program's full path in the first of these folders that has it; null where none has. A link to nothing is no program.</summary>
    public static string? FindIn(IEnumerable<string> folders, string name) => FindIn(folders, name, Environment.GetEnvironmentVariable);

    private static string? FindIn(IEnumerable<string> folders, string name, Func<string, string?> environment) => folders
        .Where(Path.IsPathFullyQualified)
        .SelectMany(folder => Variants(Path.Combine(folder, name), environment))
        .FirstOrDefault(IsExecutable);

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
        if (OperatingSystem.IsWindows())
        {
            return File.Exists(path);
        }

        // For .NET a link to nothing exists.
        var real = Files.Disk.RealPath(path);
        return File.Exists(real) && (File.GetUnixFileMode(real) & anybody) != UnixFileMode.None;
    }
}
