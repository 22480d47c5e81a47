namespace Harmony.Embedded;

/// <summary>
/// A part of the embedded runtime that runs as long as the process does: a controller, the scheduler, the node, the service proxy, the cluster DNS.
/// The host starts them all after the API serves, and ends them in reverse order.
/// </summary>
public interface IEmbeddedService
{
    /// <summary>A name for the log.</summary>
    string Name { get; }

    /// <summary>Runs until cancelled. What it throws is logged, and it is started again after a pause.</summary>
    Task RunAsync(CancellationToken cancellation);
}
