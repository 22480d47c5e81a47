using Harmony.Orchestration.Access;
using Harmony.Runtimes.Selection;

namespace Harmony.Orchestration.Launching;

/// <summary>What <c>harmony up</c> is asked to do.</summary>
public sealed record LaunchOptions
{
    /// <summary>The folder or file to launch.</summary>
    public required string Source { get; init; }

    /// <summary>The project's name; null for the one that its source suggests.</summary>
    public string? Name { get; init; }

    /// <summary>The namespace for objects without one of their own; null for the project's name.</summary>
    public string? Namespace { get; init; }

    public RuntimeRequest Runtime { get; init; } = new();

    /// <summary>How long to wait for the project to work, once it is applied.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether to wait until the project works.</summary>
    public bool Wait { get; init; } = true;

    /// <summary>Ports to publish besides those that the project's own Services ask for.</summary>
    public IReadOnlyList<PortRequest> Publish { get; init; } = [];

    /// <summary>Whether another port may be chosen where the wanted one is taken.</summary>
    public bool AnyPort { get; init; }
}
