using Harmony.Runtimes;

namespace Harmony.Orchestration.Tests.Fakes;

/// <summary>A runtime that remembers what was asked of it.</summary>
internal sealed class FakeRuntime(string kubeconfig, string name = "embedded") : IRuntime
{
    public List<string> Calls { get; } = [];

    public RuntimeState State { get; set; } = RuntimeState.Stopped;

    public IReadOnlyList<RuntimeCheck> Checks { get; init; } = [];

    public RuntimeException? Fault { get; init; }

    public string Name => name;

    public KubeconfigReference Kubeconfig => new(kubeconfig);

    public Task<RuntimeStatus> GetStatusAsync(CancellationToken cancellation) => Task.FromResult(new RuntimeStatus(name, State) { Managed = true });

    public Task<IReadOnlyList<RuntimeCheck>> CheckAsync(CancellationToken cancellation) => Task.FromResult(Checks);

    public Task InstallAsync(IProgress<string> progress, CancellationToken cancellation)
    {
        Calls.Add("install");
        progress.Report("fetching it");
        return Task.CompletedTask;
    }

    public Task StartAsync(IProgress<string> progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Calls.Add("start");
        State = RuntimeState.Running;
        return Fault is null ? Task.CompletedTask : throw Fault;
    }

    public Task StopAsync(CancellationToken cancellation) => throw new NotSupportedException("Nothing here stops it.");

    public Task UninstallAsync(CancellationToken cancellation) => throw new NotSupportedException("Nothing here removes it.");

    public Task LoadImagesAsync(IReadOnlyList<string> archives, CancellationToken cancellation)
    {
        Calls.Add($"load {archives.Count}");
        return Task.CompletedTask;
    }
}
