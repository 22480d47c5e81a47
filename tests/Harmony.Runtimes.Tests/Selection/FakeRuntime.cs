namespace Harmony.Runtimes.Tests.Selection;

/// <summary>A runtime that only tells how it is.</summary>
internal sealed class FakeRuntime(string name, RuntimeState state = RuntimeState.Stopped, params RuntimeCheck[] checks) : IRuntime
{
    public string Name => name;

    public KubeconfigReference Kubeconfig => new("/none");

    public Task<RuntimeStatus> GetStatusAsync(CancellationToken cancellation) => Task.FromResult(new RuntimeStatus(name, state) { Managed = true });

    public Task<IReadOnlyList<RuntimeCheck>> CheckAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<RuntimeCheck>>(checks);

    public Task InstallAsync(IProgress<string> progress, CancellationToken cancellation) => throw Unexpected();

    public Task StartAsync(IProgress<string> progress, CancellationToken cancellation) => throw Unexpected();

    public Task StopAsync(CancellationToken cancellation) => throw Unexpected();

    public Task UninstallAsync(CancellationToken cancellation) => throw Unexpected();

    public Task LoadImagesAsync(IReadOnlyList<string> archives, CancellationToken cancellation) => throw Unexpected();

    private static InvalidOperationException Unexpected() => new("Choosing changes nothing.");
}
