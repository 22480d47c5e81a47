namespace Harmony.Platform.Paths;

public sealed partial record HarmonyPaths
{
    /// <summary>The folders of this user on this machine.</summary>
    public static HarmonyPaths FromEnvironment() => FromEnvironment(
        Environment.GetEnvironmentVariable,
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "macos" : "linux",
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify));

    /// <param name="environment">Looks a variable up; null or empty where it is not set.</param>
    /// <param name="platform"><c>linux</c>, <c>macos</c> or <c>windows</c>.</param>
    /// <param name="home">The user's home folder, for when the environment names none.</param>
    public static HarmonyPaths FromEnvironment(Func<string, string?> environment, string platform, string home)
    {
        if (Set(HomeVariable) is { } chosen)
        {
            return Under(chosen);
        }

        home = Set(platform == "windows" ? "USERPROFILE" : "HOME") ?? home;
        if (home.Length == 0)
        {
            home = Path.GetTempPath();
        }

        return platform switch
        {
            "windows" => OnWindows(
                Set("LOCALAPPDATA") ?? Path.Combine(home, "AppData", "Local"),
                Set("APPDATA") ?? Path.Combine(home, "AppData", "Roaming")),
            "macos" => OnMac(Path.Combine(home, "Library")),
            _ => new(
                Xdg("XDG_DATA_HOME", ".local/share"), Xdg("XDG_STATE_HOME", ".local/state"), Xdg("XDG_CACHE_HOME", ".cache"), Xdg("XDG_CONFIG_HOME", ".config")),
        };

        string? Set(string variable) => environment(variable) is { Length: > 0 } value ? value : null;

        // The specification says that a relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/.
        string Xdg(string variable, string otherwise) =>
            Path.Combine(Set(variable) is { } value && value.StartsWith('/') ? value : Path.Combine(home, otherwise), "harmony");
    }

    private static HarmonyPaths OnMac(string library)
    {
        var own = Path.Combine(library, "Application Support", "harmony");
        return new(Path.Combine(own, "data"), Path.Combine(own, "state"), Path.Combine(library, "Caches", "harmony"), own);
    }

    private static HarmonyPaths OnWindows(string local, string roaming)
    {
        var own = Path.Combine(local, "harmony");
        return new(Path.Combine(own, "data"), Path.Combine(own, "state"), Path.Combine(own, "cache"), Path.Combine(roaming, "harmony"));
    }
}
