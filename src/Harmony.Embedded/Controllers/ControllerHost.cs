using Harmony.Embedded.Api;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Harmony.Embedded.Controllers;

/// <summary>
/// Runs controllers on one loop, as kube-controller-manager runs them in one process. They take turns on it (their API calls do not), which is what
/// lets them share parsed objects without locks or copies; while nothing changes, nothing runs.
/// </summary>
public sealed class ControllerHost : IEmbeddedService
{
    private readonly IClusterClient client;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Func<ControllerContext, IReadOnlyList<Reconciler>> controllers;

    internal ControllerHost(string name, IClusterClient client, TimeProvider time, ILogger? log, Func<ControllerContext, IReadOnlyList<Reconciler>> controllers)
    {
        (Name, this.client, this.time, this.controllers) = (name, client, time, controllers);
        this.log = log ?? NullLogger.Instance;
    }

    public string Name { get; }

    public Task RunAsync(CancellationToken cancellation) =>
        Task.Factory.StartNew(
            () => RunOnLoopAsync(cancellation),
            cancellation,
            TaskCreationOptions.DenyChildAttach,
            new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    private async Task RunOnLoopAsync(CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var view = new ClusterView(client);
        var running = controllers(new(view, client, time, log, stopping.Token));
        try
        {
            await view.RunAsync(
                () =>
                {
                    foreach (var controller in running)
                    {
                        controller.Start();
                    }
                },
                stopping.Token);
        }
        finally
        {
            await stopping.CancelAsync();
            foreach (var controller in running)
            {
                controller.Dispose();
            }
        }
    }
}
