namespace Harmony.Embedded.Node.Containers;

/// <summary>
/// What runs containers: an OCI runtime (crun, runc) or Wasmtime in this process. The pod worker knows no other difference between them.
/// </summary>
public interface IContainerRuntime
{
    /// <summary>The RuntimeClass handler it serves: empty for the default, <c>wasmtime</c> for WebAssembly.</summary>
    string Handler { get; }

    /// <summary>Starts a container. Its output goes to <see cref="ContainerSpec.LogPath"/> in the CRI's log format.</summary>
    /// <exception cref="ContainerException">With the kubelet's reason (<c>CreateContainerError</c>, <c>RunContainerError</c>…) and the runtime's words.</exception>
    Task StartAsync(ContainerSpec spec, CancellationToken cancellation);

    /// <summary>Returns when the container has ended, also one that was started before this process was; at once where it has ended already.</summary>
    Task<ContainerExit> WaitAsync(string containerId, CancellationToken cancellation);

    /// <summary>The containers of this node that this runtime still knows, running or ended: what there is to adopt after a restart of the process.</summary>
    Task<IReadOnlyList<ContainerRecord>> ListAsync(CancellationToken cancellation);

    /// <summary>Sends a signal (<c>SIGTERM</c>, <c>SIGKILL</c>…) to the container's first process; with SIGKILL to all of them. No error where it has ended.</summary>
    Task SignalAsync(string containerId, string signal, CancellationToken cancellation);

    /// <summary>Runs a command inside the container until it ends and returns its exit code.</summary>
    Task<int> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellation);

    /// <summary>Streams to and from the container's own first process, until either side ends.</summary>
    Task AttachAsync(string containerId, ExecRequest request, CancellationToken cancellation);

    /// <summary>Removes all traces of an ended container but its log and its root filesystem.</summary>
    Task DeleteAsync(string containerId, CancellationToken cancellation);
}
