using System.Globalization;
using System.Text.Json.Nodes;
using Harmony.Kubernetes.Objects;

namespace Harmony.Orchestration.Access;

/// <summary>One line that a container wrote.</summary>
public sealed record LogLine(string Workload, string Pod, string Container, bool OnlyContainer, DateTimeOffset? Time, string Text)
{
    /// <summary>The prefix for people: the pod, and the container where there are several.</summary>
    public string Source => OnlyContainer ? Pod : $"{Pod}/{Container}";

    /// <summary>Reads a line of the API with its time in front; one without is taken whole.</summary>
    internal static LogLine Parse(JsonObject pod, string container, string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var timed = DateTimeOffset.TryParse(space > 0 ? line.AsSpan(0, space) : line, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        var only = pod.At("spec", "initContainers").Items().Count() + pod.At("spec", "containers").Items().Count() == 1;
        return new(WorkloadName.Of(pod), pod.Name, container, only, timed ? at : null, !timed ? line : space > 0 ? line[(space + 1)..] : "");
    }
}
