using Harmony.Embedded.Api;
using Harmony.Embedded.Controllers;
using Harmony.Embedded.Network;
using Harmony.Embedded.Node.Containers;
using Harmony.Embedded.Node.Images;
using Harmony.Embedded.Node.Probes;
using Microsoft.Extensions.Logging;

namespace Harmony.Embedded.Node.Pods;

/// <summary>What all pod workers of a node share.</summary>
/// <param name="Runtimes">By RuntimeClass handler; the empty one is the default.</param>
internal sealed record PodContext(
    IClusterClient Cluster,
    NodeOptions Options,
    IImageStore Images,
    IPodNetwork Network,
    IReadOnlyDictionary<string, IContainerRuntime> Runtimes,
    EventRecorder Events,
    Prober Prober,
    ILogger Log)
{
    public TimeProvider Time => Options.Time;

    /// <summary>The folder of a pod's own files and volumes.</summary>
    public string PodFolder(string uid) => Path.Combine(Options.DataFolder, "pods", uid);

    public string ContainerFolder(string id) => Path.Combine(OciRuntime.ContainersFolder(Options.DataFolder), id);

    /// <summary>The folder of a pod's logs: <c>{namespace}_{name}_{uid}</c>.</summary>
    public string LogFolder(string ns, string name, string uid) => Path.Combine(Options.DataFolder, "logs", "pods", $"{ns}_{name}_{uid}");
}
