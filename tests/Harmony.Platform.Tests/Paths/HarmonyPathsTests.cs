using Harmony.Platform.Paths;

namespace Harmony.Platform.Tests.Paths;

public sealed class HarmonyPathsTests
{
    public HarmonyPathsTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "These paths are written as Unix writes them.");

    [Fact]
    public void One_variable_overrides_everything()
    {
        var paths = From("linux", ("HARMONY_HOME", "/h"), ("XDG_DATA_HOME", "/xdg"));

        paths.ShouldBe(new HarmonyPaths("/h/data", "/h/state", "/h/cache", "/h"));
    }

    [Fact]
    public void Linux_has_the_XDG_folders() => From("linux", ("HOME", "/root")).ShouldBe(
        new HarmonyPaths("/root/.local/share/harmony", "/root/.local/state/harmony", "/root/.cache/harmony", "/root/.config/harmony"));

    [Fact]
    public void XDG_variables_count_when_they_are_absolute() => From("linux", ("HOME", "/root"), ("XDG_DATA_HOME", "/d"), ("XDG_CACHE_HOME", "relative")).ShouldBe(
        new HarmonyPaths("/d/harmony", "/root/.local/state/harmony", "/root/.cache/harmony", "/root/.config/harmony"));

    [Fact]
    public void A_service_without_HOME_has_the_users_own() => From("linux").Data.ShouldBe("/home/from-passwd/.local/share/harmony");

    [Fact]
    public void MacOS_has_the_Library() => From("macos", ("HOME", "/Users/a")).ShouldBe(new HarmonyPaths(
        "/Users/a/Library/Application Support/harmony/data", "/Users/a/Library/Application Support/harmony/state",
        "/Users/a/Library/Caches/harmony", "/Users/a/Library/Application Support/harmony"));

    [Fact]
    public void Windows_has_the_local_and_the_roaming_folder() => From("windows", ("LOCALAPPDATA", "/l"), ("APPDATA", "/r")).ShouldBe(
        new HarmonyPaths("/l/harmony/data", "/l/harmony/state", "/l/harmony/cache", "/r/harmony"));

    private static HarmonyPaths From(string platform, params (string Name, string Value)[] environment) => HarmonyPaths.FromEnvironment(
        name => environment.FirstOrDefault(e => e.Name == name).Value, platform, "/home/from-passwd");
}
