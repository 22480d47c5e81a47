namespace Harmony.Benchmarks.Subjects;

/// <summary>Which programs this machine has.</summary>
internal static class Installed
{
    /// <summary>The path of a program, looked up on PATH as a shell does; null where it is not installed.</summary>
    public static string? Find(string program) => Path.IsPathRooted(program)
        ? (File.Exists(program) ? program : null)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
