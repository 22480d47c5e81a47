namespace Harmony.Platform.Paths;

/// <summary>
/// Every folder that harmony keeps something in. <c>HARMONY_HOME</c> puts them all under one folder; otherwise they are the platform's own
/// (XDG on Linux, <c>~/Library</c> on macOS, <c>%LOCALAPPDATA%</c> and <c>%APPDATA%</c> on Windows).
/// </summary>
/// <param name="Data">What must not be lost: the runtime's database, volumes, images.</param>
/// <param name="State">What describes the present: pid files, locks, logs, published ports.</param>
/// <param name="Cache">What can be fetched or made again.</param>
/// <param name="Configuration">What the user edits: <c>config.yaml</c>, <c>registries.yaml</c>.</param>
public sealed partial record HarmonyPaths(string Data, string State, string Cache, string Configuration)
{
    /// <summary>The environment variable that overrides everything.</summary>
    public const string HomeVariable = "HARMONY_HOME";

    /// <summary>All under one folder, as <c>HARMONY_HOME</c> asks and as the tests do.</summary>
    public static HarmonyPaths Under(string home)
    {
        var full = Path.GetFullPath(home);
        return new(Path.Combine(full, "data"), Path.Combine(full, "state"), Path.Combine(full, "cache"), full);
    }

    /// <summary>The embedded runtime's own folder: database, certificates, kubeconfig, pods, volumes, images.</summary>
    public string Embedded => Path.Combine(Data, "embedded");
}
