using System.Net;
using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Node.Pods;

/// <summary>A pod as others may see it at any time: a picture that the worker replaces, never changes.</summary>
internal sealed record PodView(string Uid, string LogFolder, IPAddress? Address, string? NetworkNamespace, bool IsHostNetwork, IContainerRuntime? Runtime, string? DefaultContainer)
{
    public IReadOnlyList<ContainerView> Containers { get; init; } = [];
}

/// <param name="WaitingReason">Null where it runs or has ended.</param>
internal sealed record ContainerView(string Name, bool IsMain, string? Id, bool IsRunning, string? WaitingReason, int RestartCount);
