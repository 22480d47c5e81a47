namespace Harmony.Runtimes.Selection;

/// <summary>What the user and the project ask for.</summary>
public sealed record RuntimeRequest
{
    /// <summary><c>--runtime</c>, <c>harmony.yaml</c> or <c>HARMONY_RUNTIME</c>: that one or a clear failure.</summary>
    public string? Named { get; init; }

    /// <summary><c>--context</c>: an existing cluster of the user's kubeconfig.</summary>
    public string? Context { get; init; }

    /// <summary>The kubeconfig that <see cref="Context"/> is looked up in; null for the usual places.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Whether every workload is WebAssembly.</summary>
    public bool WebAssemblyOnly { get; init; }

    /// <summary>Whether any workload is a container.</summary>
    public bool NeedsContainers { get; init; }
}

/// <summary>The runtime to use.</summary>
/// <param name="Reason">Why this one, in one line to show.</param>
public sealed record RuntimeChoice(IRuntime Runtime, string Reason);
