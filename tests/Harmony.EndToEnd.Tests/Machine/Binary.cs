namespace Harmony.EndToEnd.Tests.Machine;

/// <summary>The program under test: <c>HARMONY_TEST_BINARY</c>, or what was built beside these tests.</summary>
internal static class Binary
{
    public static string Path { get; } = Find();

    /// <summary>The folder that has all that the program needs.</summary>
    public static string Folder => System.IO.Path.GetDirectoryName(Path)!;

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("HARMONY_TEST_BINARY") is { Length: > 0 } chosen)
        {
            return System.IO.Path.GetFullPath(chosen);
        }

        // .../bin/{Configuration}/{TargetFramework}/
        var output = System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var framework = System.IO.Path.GetFileName(output);
        var configuration = System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(output)!);
        return System.IO.Path.Combine(Repository.Root, "src", "Harmony.Cli", "bin", configuration, framework, OperatingSystem.IsWindows() ? "harmony.exe" : "harmony");
    }
}
