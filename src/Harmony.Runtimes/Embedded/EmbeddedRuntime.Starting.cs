using Harmony.Platform.Downloads;
using Harmony.Platform.Files;
using Harmony.Platform.Processes;

namespace Harmony.Runtimes.Embedded;

public sealed partial class EmbeddedRuntime
{
    /// <summary>Two at once start one: the second waits for the lock, and finds it running.</summary>
    public async Task StartAsync(IProgress<string> progress, CancellationToken cancellation)
    {
        if (process.Find() is not null)
        {
            using var probe = new Probe(files);
            if (await probe.TroubleAsync(cancellation) is null)
            {
                return;
            }
        }

        progress.Report("starting the embedded runtime");
        SystemTrust.ReadAhead();
        using var held = await LockAsync("starting the embedded runtime", settings.StartTimeout + settings.StopGrace, cancellation);
        var existing = await process.FindOrAdoptLockedAsync(cancellation);
        if (existing is null)
        {
            files.RotateLog();
        }

        var from = EmbeddedLog.Length(files.Log);
        var running = existing ?? process.Start();
        if (await WaitUntilReadyAsync(running, from, cancellation) is { } failure)
        {
            if (existing is null)
            {
                // What this call started and nobody can use should not stay.
                await running.TerminateAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
            }

            throw failure;
        }
    }

    private async Task<RuntimeException?> WaitUntilReadyAsync(DetachedProcess running, long logFrom, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(10);
        using var probe = new Probe(files);
        var why = "it does not serve";
        while (TimeProvider.System.GetElapsedTime(started) < settings.StartTimeout)
        {
            var alive = running.IsAlive;
            why = await probe.TroubleAsync(cancellation);
            if (why is null)
            {
                return null;
            }

            // A process that lost against one that an interrupted start left behind says so and ends: then that other one is the runtime.
            if (!alive && !OtherServes())
            {
                return Failure(RuntimeError.DidNotStart, "The embedded runtime ended while it was starting", logFrom);
            }

            await Task.Delay(pause, cancellation);
            pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 1.05, 150));
        }

        return Failure(RuntimeError.TimedOut, $"The embedded runtime was not ready within {settings.StartTimeout.TotalSeconds:0} s: {why}", logFrom);
    }

    private bool OtherServes() => EmbeddedEndpoint.Read(files.Endpoint) is { } endpoint && ProcessIdentity.Of(endpoint.ProcessId) is not null;

    private RuntimeException Failure(RuntimeError code, string what, long logFrom)
    {
        var log = EmbeddedLog.LastErrors(files.Log, logFrom);
        return new(code, log.Length > 0 ? $"{what}. Its log says:\n{log}" : $"{what}, and logged nothing.", $"The whole log is '{files.Log}'.");
    }

    /// <summary>Asks again and again on one connection, and follows the process to another address.</summary>
    private sealed class Probe(EmbeddedFiles files) : IDisposable
    {
        private EmbeddedEndpoint? endpoint;
        private EmbeddedApi? api;

        public async Task<string?> TroubleAsync(CancellationToken cancellation)
        {
            var current = EmbeddedEndpoint.Read(files.Endpoint);
            if (current is null || !Disk.FileExists(files.Kubeconfig))
            {
                return "it does not serve yet";
            }

            if (api is null || current != endpoint)
            {
                api?.Dispose();
                api = EmbeddedApi.Open(files, current);
                endpoint = current;
            }

            return (await api.AskAsync(cancellation)).Trouble;
        }

        public void Dispose() => api?.Dispose();
    }
}
