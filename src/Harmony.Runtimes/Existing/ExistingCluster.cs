using Harmony.Platform.Files;

namespace Harmony.Runtimes.Existing;

/// <summary>A cluster of the user's own, named by <c>--context</c>. Harmony deploys to it and touches nothing else of it.</summary>
/// <param name="context">The context's name in the kubeconfig.</param>
/// <param name="kubeconfig">Its path, or several as <c>KUBECONFIG</c> lists them.</param>
public sealed class ExistingCluster(string context, string kubeconfig) : IRuntime
{
    public string Name => context;

    public KubeconfigReference Kubeconfig => new(kubeconfig, context);

    /// <summary>Where kubectl would look: <c>KUBECONFIG</c>, else <c>~/.kube/config</c>.</summary>
    public static string UsualKubeconfig(Func<string, string?> environment) =>
        environment("KUBECONFIG") is { Length: > 0 } list
            ? list
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".kube", "config");

    public Task<RuntimeStatus> GetStatusAsync(CancellationToken cancellation) =>
        Task.FromResult(new RuntimeStatus(Name, RuntimeState.Running) { Detail = $"context '{context}' of {kubeconfig}" });

    public Task<IReadOnlyList<RuntimeCheck>> CheckAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<RuntimeCheck>>(
        Exists() ? [] : [new("NoKubeconfig", $"there is no kubeconfig at '{kubeconfig}', so no context '{context}'", "Give its place: --kubeconfig FILE, or the variable KUBECONFIG.")]);

    public Task InstallAsync(IProgress<string> progress, CancellationToken cancellation) => VerifyAsync(cancellation);

    /// <summary>It is the user's to run: only its kubeconfig is looked for. Whether it answers shows with the first request.</summary>
    public Task StartAsync(IProgress<string> progress, CancellationToken cancellation) => VerifyAsync(cancellation);

    public Task StopAsync(CancellationToken cancellation) => throw Refuse("stop");

    public Task UninstallAsync(CancellationToken cancellation) => throw Refuse("remove");

    public Task LoadImagesAsync(IReadOnlyList<string> archives, CancellationToken cancellation) => archives.Count == 0
        ? Task.CompletedTask
        : throw new RuntimeException(
            RuntimeError.ImageRefused,
            $"This project has images that are made from its own files, and the cluster of context '{context}' takes images from a registry only.",
            "Push them to a registry that the cluster can reach and name them so, or run the project without --context.");

    private async Task VerifyAsync(CancellationToken cancellation)
    {
        if (await CheckAsync(cancellation) is [var check, ..])
        {
            throw new RuntimeException(RuntimeError.ContextNotFound, $"The context '{context}' cannot be used: {check.Message}.", check.Fix);
        }
    }

    private bool Exists() => kubeconfig.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Any(Disk.FileExists);

    private RuntimeException Refuse(string what) => new(
        RuntimeError.NotAvailable,
        $"The cluster of context '{context}' is yours, not harmony's: harmony does not {what} it.",
        "To end a project on it: harmony down.");
}
