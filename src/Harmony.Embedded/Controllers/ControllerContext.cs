using Harmony.Embedded.Api;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Controllers;

/// <summary>What every controller is given.</summary>
internal sealed record ControllerContext(ClusterView Cluster, IClusterClient Client, TimeProvider Time, ILogger Log, CancellationToken Stopping)
{
    public EventRecorder Recorder(string component) => new(Client, Time, component);

    public DateTimeOffset Now => Time.GetUtcNow();
}
