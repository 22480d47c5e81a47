using Harmony.Embedded.Hosting;
using Harmony.Platform.Files;
using Harmony.Platform.Locks;

namespace Harmony.Embedded;

public sealed partial class EmbeddedServer
{
    /// <summary>Removes what a runtime that runs no more left on the machine: containers, mounts, interfaces, rules. Its data stays.</summary>
    /// <exception cref="EmbeddedException">It still runs.</exception>
    public static async Task CleanAsync(EmbeddedOptions options, CancellationToken cancellation)
    {
        if (!Disk.FolderExists(options.DataFolder))
        {
            return;
        }

        using var held = FileLock.TryAcquire(options.LockPath, "cleaning up after the embedded runtime")
            ?? throw new EmbeddedException(EmbeddedError.AlreadyRunning, $"the embedded runtime in {options.DataFolder} still runs", "Stop it first: `harmony runtime stop embedded`.");
        Disk.DeleteFile(options.EndpointPath);
        await EmbeddedComposition.CleanAsync(options, new RuntimeLog(options.Log ?? TextWriter.Null, options.Time), cancellation);
    }
}
