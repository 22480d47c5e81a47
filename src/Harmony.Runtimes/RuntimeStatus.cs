namespace Harmony.Runtimes;

public enum RuntimeState
{
    NotInstalled,
    Stopped,
    Starting,
    Running,
    Broken,
}

/// <summary>How a runtime is now.</summary>
public sealed record RuntimeStatus(string Name, RuntimeState State)
{
    /// <summary>The Kubernetes version it serves, such as <c>v1.36.2</c>; null where unknown.</summary>
    public string? Version { get; init; }

    /// <summary>Whether harmony installed it, and so may upgrade and remove it.</summary>
    public bool Managed { get; init; }

    public int? ProcessId { get; init; }

    public string? Endpoint { get; init; }

    /// <summary>Resident memory in bytes; null where unknown.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>One sentence on what is wrong, or where it is.</summary>
    public string? Detail { get; init; }
}

/// <summary>One thing that would stop a runtime on this machine.</summary>
/// <param name="Code">A stable word, such as <c>NotRoot</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Fix">What to do.</param>
public sealed record RuntimeCheck(string Code, string Message, string Fix)
{
    /// <summary>False for what only limits it (no containers without root, say).</summary>
    public bool Blocks { get; init; } = true;

    /// <summary>Whether it keeps containers from running, though WebAssembly runs.</summary>
    public bool StopsContainers { get; init; }
}
