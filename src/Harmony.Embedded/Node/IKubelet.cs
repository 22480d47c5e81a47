using Harmony.Embedded.Node.Containers;

namespace Harmony.Embedded.Node;

/// <summary>What the API asks of the node on behalf of a client: the streaming subresources of a pod.</summary>
public interface IKubelet
{
    /// <summary>Writes a container's log to the stream; with <see cref="LogRequest.Follow"/> until the container has ended or the client leaves.</summary>
    /// <exception cref="Api.ApiException">400 where the container is not there or still waiting, 404 where the pod is not.</exception>
    Task WriteLogAsync(string ns, string pod, LogRequest request, Stream destination, CancellationToken cancellation);

    /// <summary>Runs a command in a container and returns its exit code.</summary>
    Task<int> ExecAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation);

    Task AttachAsync(string ns, string pod, string? container, ExecRequest request, CancellationToken cancellation);

    /// <summary>Opens a connection to a port inside the pod's network (its localhost first, then its address).</summary>
    Task<Stream> ConnectAsync(string ns, string pod, int port, CancellationToken cancellation);
}

/// <summary>v1.PodLogOptions.</summary>
public sealed record LogRequest
{
    /// <summary>Null: the only container, or the one that <c>kubectl.kubernetes.io/default-container</c> names.</summary>
    public string? Container { get; init; }

    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public DateTimeOffset? Since { get; init; }

    public long? TailLines { get; init; }

    public long? LimitBytes { get; init; }

    /// <summary><c>All</c>, <c>Stdout</c> or <c>Stderr</c>.</summary>
    public string Stream { get; init; } = "All";
}
