using Harmony.Embedded.Network;
using Harmony.Platform.Paths;

namespace Harmony.Embedded;

/// <summary>How the embedded runtime is to run.</summary>
/// <param name="Paths">Where its data is (<see cref="HarmonyPaths.Embedded"/>).</param>
public sealed record EmbeddedOptions(HarmonyPaths Paths)
{
    /// <summary>Whether controllers, scheduler, node and network run beside the API; without them it is the API alone, as tests of the API want it.</summary>
    public bool Services { get; init; } = true;

    /// <summary>The cluster's address ranges; chosen for this machine, and kept, where null.</summary>
    public ClusterNetwork? Network { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go; where null, to standard error in a process of its own, and nowhere in another one.</summary>
    public TextWriter? Log { get; init; }

    public string DataFolder => Paths.Embedded;

    public string KubeconfigPath => Path.Combine(DataFolder, "kubeconfig");

    public string EndpointPath => Path.Combine(DataFolder, "endpoint.json");

    public string DatabasePath => Path.Combine(DataFolder, "state.db");

    public string CertificateFolder => Path.Combine(DataFolder, "pki");

    public string LockPath => Path.Combine(DataFolder, "lock");

    /// <summary>The port that was served on before, so that kubeconfigs stay good.</summary>
    public string PortPath => Path.Combine(DataFolder, "port");
}
