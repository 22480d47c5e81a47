using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Hosting;

/// <summary>Runs the parts of the runtime: starts again what fails, with growing pauses, and ends them in reverse order.</summary>
internal sealed class ServiceRunner(TimeProvider time, ILoggerFactory logs) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodRun = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private readonly List<(IEmbeddedService Service, CancellationTokenSource Stop, Task Task)> running = [];
    private readonly ConcurrentDictionary<string, string> failures = new(StringComparer.Ordinal);

    /// <summary>What does not run at the moment, and why; null when all does.</summary>
    public string? Trouble => failures.IsEmpty ? null : string.Join("; ", failures.Select(f => $"{f.Key}: {f.Value}"));

    public void Start(IEmbeddedService service)
    {
        var stop = new CancellationTokenSource();
        running.Add((service, stop, Task.Run(() => RunAsync(service, stop.Token), CancellationToken.None)));
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = running.Count - 1; i >= 0; i--)
        {
            var (service, stop, task) = running[i];
            await stop.CancelAsync();
            try
            {
                await task.WaitAsync(StopLimit, time, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                logs.CreateLogger(service.Name).LogWarning("Did not stop within {Limit}: left behind", StopLimit);
            }

            if (task.IsCompleted)
            {
                stop.Dispose();
            }
        }
    }

    private async Task RunAsync(IEmbeddedService service, CancellationToken cancellation)
    {
        var log = logs.CreateLogger(service.Name);
        var pause = FirstPause;
        while (!cancellation.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                await service.RunAsync(cancellation);
                failures.TryRemove(service.Name, out _);
                return;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failures[service.Name] = e.Message;
                pause = time.GetElapsedTime(started) > GoodRun ? FirstPause : pause;
                log.LogError(e, "Failed; starting again in {Pause}", pause);
            }

            try
            {
                await Task.Delay(pause, time, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            failures.TryRemove(service.Name, out _);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
