using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Embedded.Node.Probes;

internal enum ProbeKind
{
    Startup,
    Liveness,
    Readiness,
}

/// <summary>
/// One probe of one running container, asked in its period, with its thresholds. A container that is not ready yet is asked more often at first than its
/// period says: what it answers early counts only when it is good.
/// </summary>
internal sealed class ProbeLoop(ProbeKind kind, JsonObject probe, ProbeTarget target, Prober prober, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Told of each change: true where the probe now counts as passed.</summary>
    public required Action<bool> Changed { get; init; }

    /// <summary>Told in the kubelet's words of each failure that counts.</summary>
    public required Action<string> Failed { get; init; }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var period = Seconds("periodSeconds", 10);
        var limit = Seconds("timeoutSeconds", 1);
        var failureThreshold = Math.Max(1, probe["failureThreshold"].AsLong() ?? 3);
        var successThreshold = Math.Max(1, probe["successThreshold"].AsLong() ?? 1);
        var delay = TimeSpan.FromSeconds(Math.Max(0, probe["initialDelaySeconds"].AsLong() ?? 0));
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellation);
        }

        // Liveness starts as passed, the others as not.
        bool? passed = kind == ProbeKind.Liveness ? true : null;
        var inRow = 0L;
        var lastGood = passed == true;
        var eager = kind != ProbeKind.Liveness && IsCheap ? FirstPause : period;
        var nextRegular = time.GetUtcNow();
        while (true)
        {
            var result = await prober.RunAsync(probe, target, limit, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var now = time.GetUtcNow();
            var isRegular = now >= nextRegular;
            if (isRegular)
            {
                nextRegular = now + period;
            }

            if (result.Succeeded || isRegular)
            {
                inRow = result.Succeeded == lastGood ? inRow + 1 : 1;
                lastGood = result.Succeeded;
                if (!result.Succeeded)
                {
                    Failed(result.Message);
                }

                if (inRow >= (result.Succeeded ? successThreshold : failureThreshold) && passed != result.Succeeded)
                {
                    passed = result.Succeeded;
                    Changed(result.Succeeded);
                    if (kind == ProbeKind.Startup || (kind == ProbeKind.Liveness && !result.Succeeded))
                    {
                        return;
                    }
                }
            }

            var pause = nextRegular - now;
            if (passed != true && eager < pause)
            {
                pause = eager;
                eager *= 2;
            }

            await Task.Delay(pause > TimeSpan.Zero ? pause : period, time, cancellation);
        }
    }

    // A command in the container costs a process or three; asking over the network costs nothing.
    private bool IsCheap => probe["exec"] is null;

    private TimeSpan Seconds(string name, long fallback) => TimeSpan.FromSeconds(Math.Max(1, probe[name].AsLong() ?? fallback));
}
