using Harmony.Platform.Files;
using Harmony.Platform.Paths;

namespace Harmony.Runtimes.Embedded;

/// <summary>What the embedded runtime's provider and its process tell each other by.</summary>
internal sealed record EmbeddedFiles(HarmonyPaths Paths)
{
    private const long LargestLog = 10 * 1024 * 1024;

    /// <summary>The runtime's own folder.</summary>
    public string Folder => Paths.Embedded;

    /// <summary>Written by the process: JSON, which is YAML.</summary>
    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    /// <summary>Written by the process once it serves, deleted when it ends cleanly.</summary>
    public string Endpoint => Path.Combine(Folder, "endpoint.json");

    /// <summary>Held by the process as long as it lives, with its number in it.</summary>
    public string ProcessLock => Path.Combine(Folder, "lock");

    public string Pid => Path.Combine(Paths.State, "embedded.pid");

    public string Log => Path.Combine(Paths.State, "embedded.log");

    public string OldLog => Log + ".1";

    public string Lock => Path.Combine(Paths.State, "embedded.lock");

    /// <summary>Keeps one older log beside the current one. Only called while nothing runs that writes to it.</summary>
    public void RotateLog()
    {
        if (Disk.FileExists(Log) && Disk.Size(Log) > LargestLog)
        {
            Disk.Move(Log, OldLog, overwrite: true);
        }
    }
}
