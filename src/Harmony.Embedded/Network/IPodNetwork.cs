using System.Net;

namespace Harmony.Embedded.Network;

/// <summary>Gives pods their addresses.</summary>
public interface IPodNetwork
{
    /// <summary>
    /// The pod's address and, where it has one, its network namespace; made where it is new, found again where it exists (also after a restart of the process).
    /// </summary>
    /// <exception cref="NetworkException">The machine refuses; the message says what was being done.</exception>
    Task<PodAttachment> AttachAsync(string podUid, CancellationToken cancellation);

    /// <summary>
    /// An address for a pod that runs inside this process (WebAssembly): reachable from pods and host, bound by the process itself, no namespace.
    /// </summary>
    Task<PodAttachment> AttachInProcessAsync(string podUid, CancellationToken cancellation);

    /// <summary>Frees the address and removes the namespace. Nothing happens for an unknown pod.</summary>
    Task DetachAsync(string podUid, CancellationToken cancellation);

    /// <summary>Frees what belongs to none of these pods: what a kill left behind.</summary>
    Task DetachAllExceptAsync(IReadOnlySet<string> podUids, CancellationToken cancellation);
}

/// <summary>Where a pod is on the network.</summary>
/// <param name="Address">The pod's IP.</param>
/// <param name="NetworkNamespace">A path such as <c>/run/netns/…</c>, to be named in the OCI runtime's configuration; null for pods in this process.</param>
public sealed record PodAttachment(IPAddress Address, string? NetworkNamespace);
