namespace Harmony.Runtimes;

/// <summary>
/// What executes workloads. Its product is a kubeconfig: everything above speaks the Kubernetes API and nothing else.
/// </summary>
public interface IRuntime
{
    /// <summary><c>k3s</c>, <c>k3d</c>, <c>embedded</c>, or the context of an existing cluster.</summary>
    string Name { get; }

    Task<RuntimeStatus> GetStatusAsync(CancellationToken cancellation);

    /// <summary>What would stop it on this machine, each with its fix; empty where nothing would.</summary>
    Task<IReadOnlyList<RuntimeCheck>> CheckAsync(CancellationToken cancellation);

    /// <summary>Puts it on this machine. Nothing happens where it is already.</summary>
    Task InstallAsync(IProgress<string> progress, CancellationToken cancellation);

    /// <summary>Returns when the API answers, the node is Ready and pods can be created. Nothing happens where it runs already.</summary>
    /// <exception cref="RuntimeException">It cannot run here, or did not start; the message quotes the cause.</exception>
    Task StartAsync(IProgress<string> progress, CancellationToken cancellation);

    /// <summary>Ends it and all that it runs; its data stays.</summary>
    Task StopAsync(CancellationToken cancellation);

    /// <summary>Removes every trace that harmony's receipts say it made.</summary>
    Task UninstallAsync(CancellationToken cancellation);

    /// <summary>Takes images in, each an OCI image layout archive on disk, so that pods can use them without a registry.</summary>
    Task LoadImagesAsync(IReadOnlyList<string> archives, CancellationToken cancellation);

    /// <summary>Kinds that its API takes but that nothing on it acts on, by <c>Kind.group</c>, each with what follows from that; empty where all are served.</summary>
    IReadOnlyDictionary<string, string> Unserved => System.Collections.Frozen.FrozenDictionary<string, string>.Empty;

    /// <summary>Where the kubeconfig is, and which context in it to use.</summary>
    KubeconfigReference Kubeconfig { get; }
}

/// <summary>A kubeconfig and a context in it.</summary>
/// <param name="Path">A file; of an existing cluster perhaps several, separated as <c>KUBECONFIG</c> separates them.</param>
/// <param name="Context">The current context where null.</param>
public sealed record KubeconfigReference(string Path, string? Context = null);
