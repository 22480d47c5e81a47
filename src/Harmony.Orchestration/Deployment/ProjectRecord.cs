using System.Text.Json.Serialization;
using Harmony.Orchestration.Access;

namespace Harmony.Orchestration.Deployment;

/// <summary>What this machine remembers of a launched project: enough to find, show, reach and remove it. One file a project.</summary>
public sealed record ProjectRecord
{
    public required string Name { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The folder or file that it was launched from, absolute.</summary>
    public required string Source { get; init; }

    public required string Runtime { get; init; }

    public required string Kubeconfig { get; init; }

    public string? Context { get; init; }

    /// <summary>Every namespace that has objects of it; empty until it has been applied.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    public DateTimeOffset LaunchedAt { get; init; }

    /// <summary>How many objects the cluster took; 0 until the first launch has got so far.</summary>
    public int Objects { get; init; }

    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ProjectRecord))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class RecordJson : JsonSerializerContext;
