using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;
using Harmony.Orchestration.Readiness;

namespace Harmony.Orchestration.Launching.Steps;

/// <summary>
/// Tells a program that works from one that is about to crash: Kubernetes calls both ready where there is no readiness probe.
/// </summary>
internal sealed class Settling(TimeProvider time)
{
    /// <summary>How long a container must run that has not crashed yet: what is configured wrongly mostly ends at once.</summary>
    private static readonly TimeSpan FirstTrial = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a container must run that has been restarted.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(10);

    /// <summary>Kubernetes tells starts to the second.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(string Pod, string Container, int Restarts), long> firstSeen = [];

    public bool IsOver(IReadOnlyList<ObjectId> applied, ProjectSnapshot snapshot) =>
        applied.Select(snapshot.Find).OfType<JsonObject>().SelectMany(snapshot.PodsOf).All(IsSettled);

    private bool IsSettled(JsonObject pod) => pod.At("status", "containerStatuses").Objects().All(status =>
    {
        var (name, restarts) = (status.Text("name") ?? "", status["restartCount"].AsInt() ?? 0);
        if (status.At("state", "running") is not JsonObject running || HasReadinessProbe(pod, name))
        {
            return true;
        }

        // The node's clock may be another one: what we have seen ourselves counts too.
        var trial = restarts == 0 ? FirstTrial : Trial;
        var now = time.GetUtcNow();
        firstSeen.TryAdd((pod.Uid, name, restarts), time.GetTimestamp());
        return time.GetElapsedTime(firstSeen[(pod.Uid, name, restarts)]) >= trial
            || (DateTimeOffset.TryParse(running.Text("startedAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var started) && now - started >= trial + Rounding);
    });

    private static bool HasReadinessProbe(JsonObject pod, string container) =>
        pod.At("spec", "containers").Objects().Any(c => c.Text("name") == container && c["readinessProbe"] is not null);
}
